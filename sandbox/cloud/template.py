import re
from collections.abc import Sequence
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
    return _changed(template, parameter, r"    Default: \S+", f"    Default: {value}")


def with_allowed(template: str, parameter: str, values: Sequence[str]) -> str:
    """The text of a template in which the parameter may have these values alone.

    Raises:
        ValueError: it has no such parameter with a list of values.
    """
    listed = r"    AllowedValues:(?: \[.*\]|(?:\n    - .*)+)"
    return _changed(template, parameter, listed, f"    AllowedValues: [{', '.join(values)}]")


def with_pattern(template: str, parameter: str, beginning: str, replaced: str) -> str:
    """The text of a template in which the pattern of the parameter begins in another way.

    Raises:
        ValueError: it has no such parameter whose pattern begins so.
    """
    return _changed(
        template, parameter, rf"    AllowedPattern: {re.escape(beginning)}", f"    AllowedPattern: {replaced}"
    )


def without_resource(template: str, name: str) -> str:
    """The text of a template without the resource of this name, to which nothing refers.

    Raises:
        ValueError: it has no such resource.
    """
    changed, found = re.subn(rf"^  {re.escape(name)}:\n(?:    .*\n|\n(?=    ))*", "", template, flags=re.MULTILINE)
    if found != 1:
        raise ValueError(f"the template has no resource {name}")
    return changed


def _changed(template: str, parameter: str, old: str, new: str) -> str:
    pattern = rf"^(  {re.escape(parameter)}:\n(?:    .*\n)*?){old}"
    changed, found = re.subn(pattern, lambda start: start[1] + new, template, flags=re.MULTILINE)
    if found != 1:
        raise ValueError(f"the template has no parameter {parameter} with what should be changed: {old.strip()}")
    return changed
