"""template.yaml, or one that was built from it, as programs read it."""

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from sandbox.paths import TEMPLATE


@cache
def template(file: Path = TEMPLATE) -> dict[str, Any]:
    """A template, its short forms (`!Ref`) written out. All who ask share it: copy it before you change it."""
    body: dict[str, Any] = yaml_parse(file.read_text(encoding="utf-8"))
    return body
