"""`python -m tools.environment_file samconfig.staging.toml`: whether `make deploy` would take the file as it is meant.

SAM CLI ignores a parameter that the template does not have, and a key that it does not know. So each is held against
the template and SAM's options first. With `--show stack_name` it prints that one setting instead.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from sandbox.cloud.template import contents
from sandbox.paths import TEMPLATE

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
#: A destination of logs that CloudWatch Logs writes to in the name of a role.
STREAM: Final = re.compile(r"arn:[^:]+:(firehose|kinesis):")
LOG_ROLE: Final = "LogDestinationRoleArn"


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


def faults(content: Mapping[str, Any], parameters: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with the file, a sentence for each; `parameters` are the template's."""
    given = settings(content)
    return [
        *_unknown_places(content),
        *(f'It has an unknown key "{name}".{_meant(name, OPTIONS)}' for name in given if name not in OPTIONS),
        *_faults_of_what_is_needed(given),
        *_faults_of_pairs("tags", given.get("tags", [])),
        *_faults_of_overrides(given.get("parameter_overrides", []), parameters),
    ]


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name, {})
    return found if isinstance(found, dict) else {}


def _unknown_places(content: Mapping[str, Any]) -> Iterator[str]:
    known = {ENVIRONMENT: {section: {"parameters"} for section in SECTIONS}}
    for name in content.keys() - {"version", *known}:
        yield f'It has an unknown key "{name}" beside [{ENVIRONMENT}...].{_meant(name, (ENVIRONMENT,))}'
    environment = _table(content, ENVIRONMENT)
    for section in environment:
        if section not in SECTIONS:
            yield f'It has an unknown section "{ENVIRONMENT}.{section}".{_meant(section, SECTIONS)}'
            continue
        for name in _table(environment, section).keys() - {"parameters"}:
            yield f'It has an unknown key "{name}" in [{ENVIRONMENT}.{section}].{_meant(name, ("parameters",))}'


def _faults_of_what_is_needed(given: Mapping[str, Any]) -> Iterator[str]:
    for name in NEEDED:
        if not (isinstance(given.get(name), str) and given[name].strip()):
            yield f"It has no {name}."
    stack = given.get("stack_name")
    if isinstance(stack, str) and stack.strip() and not STACK_NAME.fullmatch(stack):
        yield f'stack_name "{stack}" should be at most 24 letters, digits and hyphens, and begin with a letter.'


def _faults_of_pairs(name: str, pairs: object) -> Iterator[str]:
    if not isinstance(pairs, list):
        yield f'{name} should be a list: ["Name=value", "Other=value"].'
        return
    for pair in pairs:
        if not isinstance(pair, str) or not re.fullmatch(r"[^=\s]+=\S*", pair):
            yield f'{name}: "{pair}" should be "Name=value", without blanks: SAM would cut it there.'


def _faults_of_overrides(overrides: object, parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    wrong = list(_faults_of_pairs("parameter_overrides", overrides))
    yield from wrong
    if wrong or not isinstance(overrides, list):
        return
    seen: set[str] = set()
    for name, value in _split(overrides):
        if name not in parameters:
            yield f'The template has no parameter "{name}".{_meant(name, parameters)}'
        elif fault := _fault_of(value, parameters[name]):
            yield f'{name}: "{value}" {fault}.'
        if name in seen:
            yield f"{name} stands there twice."
        seen.add(name)
        # CloudFormation's rules can compare a value, but not look into it.
        if name == "LogDestinationArn" and STREAM.match(value) and LOG_ROLE not in dict(_split(overrides)):
            yield f"LogDestinationArn is a stream, which needs {LOG_ROLE}."


def _split(overrides: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pair in overrides:
        name, _, value = pair.partition("=")
        yield name, value


def _fault_of(value: str, parameter: Mapping[str, Any]) -> str | None:
    allowed = [str(each) for each in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"should be one of {', '.join(allowed)}"
    if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
        return f"should match {parameter['AllowedPattern']}"
    return _fault_of_number(value, parameter) if parameter["Type"] == "Number" else None


def _fault_of_number(value: str, parameter: Mapping[str, Any]) -> str | None:
    if not re.fullmatch(r"[0-9]+", value):
        return "should be a whole number"
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    if (least is not None and int(value) < least) or (most is not None and int(value) > most):
        return f"should be from {least} to {most}"
    return None


def _meant(name: str, known: Sequence[str] | Mapping[str, Any] | frozenset[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f' Is "{close[0]}" meant?' if close else ""


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
        return _failed([str(error)])
    if given.show:
        value = settings(content).get(given.show)
        if not isinstance(value, str) or not value:
            return _failed([f"{given.file.name} has no {given.show}."])
        sys.stdout.write(f"{value}\n")
        return 0
    return _failed([f"{given.file.name}: {fault}" for fault in faults(content, contents(TEMPLATE)["Parameters"])])


def _failed(sentences: Sequence[str]) -> int:
    sys.stderr.writelines(f"{sentence}\n" for sentence in sentences)
    return 2 if sentences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
