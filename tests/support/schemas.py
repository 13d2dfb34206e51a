"""The published JSON Schemas, for tests to hold real messages against."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def faults(name: str, message: object) -> list[str]:
    """What is wrong with a message by the schema of this name; empty where nothing is."""
    return [f"{fault.json_path}: {fault.message}" for fault in _validator(name).iter_errors(message)]


@cache
def _validator(name: str) -> Draft202012Validator:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
