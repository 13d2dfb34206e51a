"""The list of what a release holds, as CycloneDX: uv's own, made the same on every run, with licences. Pure."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

_SPACE: Final = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562's name space of URLs.


def finished(exported: str, licenses: Mapping[str, str], version: str, day: date) -> str:
    """The document that uv exports, with the release's date, a serial number that follows from it, and licences.

    Raises:
        KeyError: a component has no licence here.
    """
    document: dict[str, Any] = json.loads(exported)
    for component in document["components"]:
        component["licenses"] = [{"expression": licenses[component["name"]]}]
    subject = document["metadata"]["component"]
    subject |= {"type": "application", "version": version, "licenses": [{"expression": "Apache-2.0"}]}
    document["metadata"]["timestamp"] = f"{day.isoformat()}T00:00:00Z"
    document.pop("serialNumber", None)
    content = json.dumps(document, sort_keys=True)
    name = uuid.uuid5(_SPACE, hashlib.sha256(content.encode()).hexdigest())
    return json.dumps({"serialNumber": f"urn:uuid:{name}"} | document, indent=1, sort_keys=True) + "\n"
