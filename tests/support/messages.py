"""What is published to a topic, as its subscribers get it."""

import json
from collections.abc import Mapping
from typing import Any


def queue_text_of(entry: Mapping[str, Any]) -> str:
    """What a queue gets of a message of PublishBatch: of a structured one its default, as SNS has it."""
    message = str(entry["Message"])
    return str(json.loads(message)["default"]) if entry.get("MessageStructure") == "json" else message
