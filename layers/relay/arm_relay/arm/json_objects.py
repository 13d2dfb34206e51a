"""Bodies that should be JSON objects. Pure."""

import json
from typing import Any


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text; None where it is anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
