import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.paths import TEMPLATE


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's YAML; what its short forms (`!Ref`, `!Sub`) mean does not matter here."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def contents(template: Path) -> dict[str, Any]:
    """A template, its short forms left out."""
    # The loader is a safe one with one constructor more.
    body: dict[str, Any] = yaml.load(template.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    return body


@cache
def parameter_names(template: Path = TEMPLATE) -> frozenset[str]:
    """The parameters that may be overridden."""
    return frozenset(contents(template).get("Parameters", {}))


def with_default(template: str, parameter: str, value: str) -> str:
    """The text of a built template in which the parameter has another default.

    Raises:
        ValueError: it has no such parameter with a default.
    """
    pattern = rf"^(  {re.escape(parameter)}:\n(?:    .*\n)*?    Default: )\S+$"
    changed, found = re.subn(pattern, lambda start: start[1] + value, template, flags=re.MULTILINE)
    if found != 1:
        raise ValueError(f"the template has no parameter {parameter} with a default")
    return changed
