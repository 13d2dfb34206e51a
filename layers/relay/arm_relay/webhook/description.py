"""The API's description as anybody gets it: small, and not again while it has not changed. Pure."""

import json
import zlib
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Final

#: For how long nobody needs to ask again, in seconds.
FRESH: Final = 3600

#: zlib's number for the format of gzip with the largest window.
_GZIP: Final = 31


class Description:
    """An OpenAPI document."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def text(self) -> str:
        """The document without the spaces that are there for people."""
        return json.dumps(json.loads(self._text), ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def compressed(self) -> bytes:
        """The same by gzip, the same each time."""
        # Not by the module gzip, which would be loaded at every start.
        packing = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
        return packing.compress(self.text.encode()) + packing.flush()

    @cached_property
    def tag(self) -> str:
        """Its entity tag. It is a weak one because both forms have it."""
        return f'W/"{sha256(self._text.encode()).hexdigest()[:32]}"'

    @property
    def headers(self) -> dict[str, str]:
        """What caches need to know of it."""
        return {"Cache-Control": f"public, max-age={FRESH}", "ETag": self.tag, "Vary": "Accept-Encoding"}

    def is_known(self, headers: Mapping[str, str]) -> bool:
        """Whether the request says that its sender has it. The names of `headers` are in lower case."""
        known = [each.strip() for each in headers.get("if-none-match", "").split(",")]
        return "*" in known or self.tag.removeprefix("W/") in [each.removeprefix("W/") for each in known]


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether the sender of the request reads gzip. The names of `headers` are in lower case."""
    for coding in headers.get("accept-encoding", "").split(","):
        name, _, weight = coding.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
