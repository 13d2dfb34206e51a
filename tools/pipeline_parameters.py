"""`python -m tools.pipeline_parameters parameters.yaml build/template.yaml`: what `deploy/deploy.sh` asks first.

SAM CLI ignores a parameter that the template does not have, and reads the values as YAML: 010 becomes 10, and 1_000
becomes 1000. So each is held against the template, and what YAML might read as something else must have quotes.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml

from tools import stack_parameters
from tools.template import template

#: What YAML 1.1 and YAML 1.2 both read as it stands there.
WHOLE_NUMBER: Final = re.compile(r"0|[1-9][0-9]*")
NUMBER_LIKE: Final = re.compile(r"[-+.]?[0-9].*")
TEXT: Final = "tag:yaml.org,2002:str"


class Unreadable(Exception):
    """The text is not lines of `Name: value`; the message says why."""


def read(text: str) -> list[tuple[str, yaml.ScalarNode]]:
    """Each parameter and the node of its value.

    Raises:
        Unreadable: it is something else.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise Unreadable(f"PARAMETERS is not YAML: {error}") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise Unreadable("PARAMETERS should be lines of `Name: value`.")
    for key, value in root.value:
        if not (isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)):
            raise Unreadable(f"PARAMETERS: line {key.start_mark.line + 1} should be `Name: value`, with one value.")
    return [(key.value, value) for key, value in root.value]


def faults(text: str, built: Path) -> Iterator[str]:
    """What is wrong with the parameters, a sentence for each; `built` is the file of the template.

    Raises:
        Unreadable: they are not parameters.
    """
    pairs = read(text)
    if changed := [(name, value.value) for name, value in pairs if _is_changed(value)]:
        yield from (
            f'{name}: YAML may read "{value}" as something else. Write it in quotes.' for name, value in changed
        )
        return
    yield from (f"{name} stands there twice." for name in stack_parameters.repeated([name for name, _ in pairs]))
    given = {name: value.value for name, value in pairs}
    yield from stack_parameters.faults(given, template(built))


def _is_changed(value: yaml.ScalarNode) -> bool:
    if value.style is not None or WHOLE_NUMBER.fullmatch(value.value):
        return False
    return value.tag != TEXT or bool(NUMBER_LIKE.fullmatch(value.value))


def main(arguments: Sequence[str]) -> int:
    """Check the parameters; 2 if they have a fault."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.pipeline_parameters", description="Check the parameters that a pipeline hands on."
    )
    parser.add_argument("parameters", type=Path, help="the file with lines of `Name: value`")
    parser.add_argument("template", type=Path, help="the built template")
    given = parser.parse_args(arguments)
    try:
        found = list(faults(given.parameters.read_text(encoding="utf-8"), given.template))
    except Unreadable as error:
        found = [str(error)]
    return stack_parameters.told(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
