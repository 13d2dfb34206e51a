"""What is written down of a batch, made small: a write is paid for by the kilobyte, and every step of a batch is one.

Pure. `DICTIONARY` is part of what is stored: text made small with it can only be read with it, so it stays as it is;
another one would need a name of its own in the records.
"""

import zlib
from functools import lru_cache
from typing import Final

#: What most records have in common, the most common last. zlib finds it there and stores the rest.
DICTIONARY: Final = (
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
    b'[{"state":"CLAIMED","cause":"accepted","at":["20"]},{"state":"PENDING","cause":"ARM took it","at":["20"]}],null]'
)

#: The same text is made small several times in a row: to be measured, claimed and announced.
REMEMBERED: Final = 32


@lru_cache(REMEMBERED)
def small(text: bytes) -> bytes:
    """The text made small."""
    compressor = zlib.compressobj(zdict=DICTIONARY)
    return compressor.compress(text) + compressor.flush()


def whole(made_small: bytes) -> bytes:
    """The text again.

    Raises:
        zlib.error: it is damaged, or was made small with another dictionary.
    """
    decompressor = zlib.decompressobj(zdict=DICTIONARY)
    return decompressor.decompress(made_small) + decompressor.flush()
