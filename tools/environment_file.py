"""`python -m tools.environment_file samconfig.staging.toml`: whether `make deploy` would take the file as it is meant.

SAM CLI ignores a parameter that the template does not have, and a key that it does not know. So each is held against
the template, what the functions take, and SAM's options first. With `--show stack_name` it prints that one setting
instead.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tools import stack_parameters
from tools.stack_parameters import meant, repeated, told
from tools.template import template

#: The options of `sam deploy` that a file may set. A test holds them against SAM CLI's.
OPTIONS: Final = frozenset(
    {
        "stack_name",
        "region",
        "profile",
        "s3_bucket",
        "s3_prefix",
        "resolve_s3",
        "kms_key_id",
        "force_upload",
        "role_arn",
        "notification_arns",
        "tags",
        "parameter_overrides",
        "capabilities",
        "metadata",
        "signing_profiles",
        "use_json",
        "no_progressbar",
        "confirm_changeset",
        "fail_on_empty_changeset",
        "no_execute_changeset",
        "disable_rollback",
        "on_failure",
        "max_wait_duration",
        "debug",
    }
)
#: Without these the deployment would ask, or go where nobody has said.
NEEDED: Final = ("stack_name", "region")
#: The name of the group of settings that `make deploy` uses, and the sections of it that count.
ENVIRONMENT: Final = "default"
SECTIONS: Final = ("global", "deploy")
#: What CloudFormation takes as a stack's name; the longest names of the stack's resources need the rest.
STACK_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,23}")
#: What SAM takes as it stands there. It cuts an override at a blank, and a tag at a blank before a second equals sign.
OVERRIDE: Final = re.compile(r"[^=\s]+=\S*")
TAG: Final = re.compile(r"[^=\s\"'\\]([^=\"'\\]*[^=\s\"'\\])?=([^=\s\"'\\]([^=\"'\\]*[^=\s\"'\\])?)?")
QUOTED: Final = re.compile(r"([\"'])(.*)\1")


class Unreadable(Exception):
    """The file is not there, or is not TOML; the message says which."""


def read(file: Path) -> dict[str, Any]:
    """What the file says.

    Raises:
        Unreadable: it says nothing.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unreadable(
            f"There is no {file.name}: copy deploy/example.toml to it and fill it in (docs/deploying.md)."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file.name} is not TOML: {error}.") from None


def settings(content: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `sam deploy` that the file sets, by SAM's names."""
    found: dict[str, Any] = {}
    for section in SECTIONS:
        options = _table(_table(_table(content, ENVIRONMENT), section), "parameters")
        found |= {name.replace("-", "_"): value for name, value in options.items()}
    return found


def faults(content: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    """What is wrong with the file, a sentence for each; `body` is the template."""
    given = settings(content)
    return [
        *_unknown_places(content),
        *(f'It has an unknown key "{name}".{meant(name, OPTIONS)}' for name in given if name not in OPTIONS),
        *_faults_of_what_is_needed(given),
        *_faults_of_tags(given.get("tags", [])),
        *_faults_of_overrides(given.get("parameter_overrides", []), body),
    ]


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name, {})
    return found if isinstance(found, dict) else {}


def _unknown_places(content: Mapping[str, Any]) -> Iterator[str]:
    known = {ENVIRONMENT: {section: {"parameters"} for section in SECTIONS}}
    for name in content.keys() - {"version", *known}:
        yield f'It has an unknown key "{name}" beside [{ENVIRONMENT}...].{meant(name, (ENVIRONMENT,))}'
    environment = _table(content, ENVIRONMENT)
    for section in environment:
        if section not in SECTIONS:
            yield f'It has an unknown section "{ENVIRONMENT}.{section}".{meant(section, SECTIONS)}'
            continue
        for name in _table(environment, section).keys() - {"parameters"}:
            yield f'It has an unknown key "{name}" in [{ENVIRONMENT}.{section}].{meant(name, ("parameters",))}'


def _faults_of_what_is_needed(given: Mapping[str, Any]) -> Iterator[str]:
    for name in NEEDED:
        if not (isinstance(given.get(name), str) and given[name].strip()):
            yield f"It has no {name}."
    stack = given.get("stack_name")
    if isinstance(stack, str) and stack.strip() and not STACK_NAME.fullmatch(stack):
        yield f'stack_name "{stack}" should be at most 24 letters, digits and hyphens, and begin with a letter.'


def _faults_of_tags(tags: object) -> Iterator[str]:
    wrong = list(_faults_of_list("tags", tags, TAG, "without quotes, or blanks at the ends"))
    yield from wrong
    if wrong or not isinstance(tags, list):
        return
    keys = [tag.partition("=")[0] for tag in tags]
    yield from (f'tags: "{key}" stands there twice.' for key in repeated(keys))
    for key in dict.fromkeys(keys):
        if key.lower().startswith("aws:"):
            yield f'tags: "{key}" begins with "aws:", which AWS keeps for itself.'


def _faults_of_overrides(overrides: object, body: Mapping[str, Any]) -> Iterator[str]:
    wrong = list(_faults_of_list("parameter_overrides", overrides, OVERRIDE, "without blanks: SAM would cut it there"))
    yield from wrong
    if wrong or not isinstance(overrides, list):
        return
    pairs = list(_split(overrides))
    if empty := [name for name, value in pairs if not value]:
        yield from (f"""{name} has no value, which SAM refuses: to empty it write "{name}=''".""" for name in empty)
        return
    yield from (f"{name} stands there twice." for name in repeated([name for name, _ in pairs]))
    yield from stack_parameters.faults({name: _unquoted(value) for name, value in pairs}, body)


def _faults_of_list(name: str, pairs: object, form: re.Pattern[str], how: str) -> Iterator[str]:
    if not isinstance(pairs, list):
        yield f'{name} should be a list: ["Name=value", "Other=value"].'
        return
    for pair in pairs:
        if not isinstance(pair, str) or not form.fullmatch(pair):
            yield f'{name}: "{pair}" should be "Name=value", {how}.'


def _split(overrides: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pair in overrides:
        name, _, value = pair.partition("=")
        yield name, value


def _unquoted(value: str) -> str:
    """The value as SAM takes it: without the quotes around it."""
    found = QUOTED.fullmatch(value)
    return found[2] if found else value


def main(arguments: Sequence[str]) -> int:
    """Check the file or show a setting; 2 if it has a fault."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.environment_file", description="Check an environment's file."
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--show", metavar="SETTING", help="print this setting, such as region")
    given = parser.parse_args(arguments)
    try:
        content = read(given.file)
    except Unreadable as error:
        return told([str(error)])
    if given.show:
        value = settings(content).get(given.show)
        if not isinstance(value, str) or not value:
            return told([f"{given.file.name} has no {given.show}."])
        sys.stdout.write(f"{value}\n")
        return 0
    return told([f"{given.file.name}: {fault}" for fault in faults(content, template())])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
