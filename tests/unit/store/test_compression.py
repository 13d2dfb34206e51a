import json
import zlib
from pathlib import Path

import pytest
from arm_relay.store import compression
from arm_relay.store.compression import compress, decompress
from hypothesis import given
from hypothesis import strategies as st

ORDERS = Path(__file__).parents[3] / "events" / "orders"

#: Written by this module when it was new. Records like it stand in tables.
OLD = bytes.fromhex("78bbe6c8b28543f19d218af79cc07cb80f520cc971ac9129c22eae6a94d221b6160016b0261a")
OLD_TEXT = (
    b'[[{"id":"evt-1","orderId":"B-1","digest":"d1"}],[{"state":"CLAIMED","cause":"accepted","at":["2025"]}],null]'
    b'\n{"documents":[]}'
)


@given(st.binary(max_size=2000))
def test_what_was_compressed_is_read_again(text: bytes) -> None:
    assert decompress(compress(text)) == text


@pytest.mark.parametrize("sample", sorted(ORDERS.glob("*.json")), ids=lambda path: str(path.stem))
def test_what_records_have_in_common_is_not_stored(sample: Path) -> None:
    text = json.dumps(json.loads(sample.read_text()), separators=(",", ":")).encode()

    assert len(compress(text)) < len(zlib.compress(text))


def test_what_was_stored_long_ago_can_still_be_read() -> None:
    assert decompress(OLD) == OLD_TEXT


def test_what_an_unknown_dictionary_compressed_is_not_read_as_something_else() -> None:
    compressor = zlib.compressobj(zdict=b"another dictionary")
    foreign = compressor.compress(b"a dictionary of another kind") + compressor.flush()

    with pytest.raises(zlib.error):
        decompress(foreign)


def test_a_newer_dictionary_leaves_what_an_older_one_compressed_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = b"a newer dictionary"
    monkeypatch.setattr(compression, "DICTIONARIES", {**compression.DICTIONARIES, zlib.adler32(newer): newer})

    assert decompress(OLD) == OLD_TEXT
    assert compress(OLD_TEXT)[compression.DICTIONARY_ID] == zlib.adler32(newer).to_bytes(4)
    assert decompress(compress(OLD_TEXT)) == OLD_TEXT
