"""Compression of what is stored about a batch: a write costs by the kilobyte, and every step of a batch is a write.

zlib writes into its header which dictionary it used, so every dictionary that ever was in use stays readable: to change
it, add a new one as the last of `DICTIONARIES` and keep the others. Pure.
"""

import zlib
from collections.abc import Mapping
from typing import Final

#: Text that most records have in common, the most common last. zlib refers to it and stores only the rest.
FIRST: Final = (
    b'"attachmentFiles":[],"attachmentCodes":[],"customCodes":[],"distribution":{"type":"M","einvoiceCode":0},'
    b'"einvoiceAddress":{"address":"","addressScheme":"","operator":""},"emailAddress":["],"marketingMessageCode":"",'
    b'"customerMessage":"","language":"en","kid":"","purchaseOrderId":"","sellerReference":"","buyerReference":"",'
    b'"additionalReference":"","subCustomerNo":"","ledgerNote":"",'
    b'{"metadata":{"userId":"arm-relay"},"documents":[{"documentType":"IN","customerNo":"","documentNo":"",'
    b'"documentDate":"20","dueDate":"20","currency":"NOK","salesOrderId":"","documentLines":[{"lineNo":1,'
    b'"lineType":"PLH","articleNo":"","articleName":"","lineText":"","quantityUnit":"","quantity":1,"volumeUnit":"",'
    b'"volume":0,"price":0,"itemGroup1":"","itemGroup2":"","itemGroup3":"",'
    b'"currencyAmounts":{"exclVat":0,"vat":0,"inclVat":0}},'
    b'"errors":["],"status":"FAILED"},"status":"SUCCEEDED"}],{"state":"UNCONFIRMED","cause":"no answer from ARM","at":'
    b'{"state":"QUEUED","cause":"ARM answered 5","state":"HELD","state":"SUCCEEDED","cause":"ARM\'s result","at":["20'
    b'{"status":"NOT-PROCESSED","result":"PENDING","message":"Document batch not processed yet","batchUuid":"'
    b'[[{"id":"evt-","orderId":"","customerNo":"","documentNo":"","digest":"","status":"IN_PROGRESS"}],'
    b'[{"state":"CLAIMED","cause":"accepted","at":["20"]},{"state":"PENDING","cause":"ARM returned a batchUuid",'
    b'"at":["20"]}],null]'
)

#: Every dictionary by the id in zlib's header, its Adler-32 checksum; the last one is used for writing.
DICTIONARIES: Final[Mapping[int, bytes]] = {zlib.adler32(dictionary): dictionary for dictionary in (FIRST,)}

#: Where zlib's header holds the id of the dictionary (RFC 1950, section 2.2).
DICTIONARY_ID: Final = slice(2, 6)


def compress(text: bytes) -> bytes:
    """The text, compressed with the newest dictionary."""
    compressor = zlib.compressobj(zdict=list(DICTIONARIES.values())[-1])
    return compressor.compress(text) + compressor.flush()


def decompress(compressed: bytes) -> bytes:
    """The text again.

    Raises:
        zlib.error: it is damaged, or no dictionary has the id it names.
    """
    dictionary = DICTIONARIES.get(int.from_bytes(compressed[DICTIONARY_ID]), b"")
    decompressor = zlib.decompressobj(zdict=dictionary)
    text = decompressor.decompress(compressed) + decompressor.flush()
    if not decompressor.eof:
        raise zlib.error("the end is missing")
    return text
