"""ARM's contracts, as files: what tells the relay how to read tells the simulator how to speak."""

import json
from typing import Any, Final

from sandbox.errors import SandboxError
from sandbox.paths import ROOT

FOLDER: Final = ROOT / "layers" / "relay" / "arm_relay" / "arm" / "contracts"


def named(name: str) -> dict[str, Any]:
    """The contract of this name, laid over all that it extends.

    Raises:
        SandboxError: there is none.
    """
    try:
        document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json")))
        raise SandboxError(f"there is no contract {name}; there are {known}") from None
    extended = document.get("extends")
    laid: dict[str, Any] = _merged(named(extended), document) if extended else document
    return laid


def _merged(base: Any, patch: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """A JSON merge patch (RFC 7396); what is laid over comes first, because the first of several words is spoken."""
    if not isinstance(patch, dict):
        return patch
    under = base if isinstance(base, dict) else {}
    laid = {key: _merged(under.get(key), value) for key, value in patch.items() if value is not None}
    return laid | {key: value for key, value in under.items() if key not in patch}
