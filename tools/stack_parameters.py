"""Whether values of the stack's parameters are what the template and the functions take, before anything is built.

A parameter that is not given counts with its default.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from arm_relay.arm import contract_files
from arm_relay.poller.contradictions import contradictions
from arm_relay.settings import Settings
from pydantic import ValidationError

#: What deploy/example.toml shows in place of a company's own.
OF_THE_EXAMPLE: Final = re.compile(r"(^|[@./])example\.com\b|\b123456789012\b")
#: A destination of logs that CloudWatch Logs writes to in the name of a role.
STREAM: Final = re.compile(r"arn:[^:]+:(firehose|kinesis):")
LOG_ROLE: Final = "LogDestinationRoleArn"
#: What the stack itself says to its functions.
OF_THE_STACK: Final = dict.fromkeys(("TABLE_NAME", "ANNOUNCED_TABLE_NAME", "TOPIC_ARN", "SECRET_ARN"), "")


def faults(given: Mapping[str, str], body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values, a sentence for each; `body` is the template."""
    parameters = body.get("Parameters", {})
    if wrong := list(_faults_of_each(given, parameters)):
        yield from wrong
        return
    values = {name: str(parameter.get("Default", "")) for name, parameter in parameters.items()}
    values |= given
    yield from _broken_rules(body.get("Rules", {}), values)
    # CloudFormation's rules can compare a value, but not look into it.
    if STREAM.match(values.get("LogDestinationArn", "")) and not values[LOG_ROLE]:
        yield f"LogDestinationArn is a stream, which needs {LOG_ROLE}."
    yield from _refused_by_the_functions(values, body["Globals"]["Function"]["Environment"]["Variables"])


def repeated(names: Sequence[str]) -> list[str]:
    """The names that stand there more than once, each of them once."""
    return [name for name, number in Counter(names).items() if number > 1]


def told(sentences: Sequence[str]) -> int:
    """Write what is wrong to standard error; the exit code, 2 where anything is."""
    sys.stderr.writelines(f"{sentence}\n" for sentence in sentences)
    return 2 if sentences else 0


def meant(name: str, known: Mapping[str, Any] | frozenset[str] | tuple[str, ...]) -> str:
    """A question about the known name that is closest to an unknown one, or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f' Is "{close[0]}" meant?' if close else ""


def _faults_of_each(given: Mapping[str, str], parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, value in given.items():
        if name not in parameters:
            yield f'The template has no parameter "{name}".{meant(name, parameters)}'
        elif fault := _fault_of(value, parameters[name]):
            yield f'{name}: "{value}" {fault}.'


def _fault_of(value: str, parameter: Mapping[str, Any]) -> str | None:
    if re.search(r"[\"'\\]", value):
        return "should have no quotes and no backslashes inside: SAM would change or cut it there"
    allowed = [str(each) for each in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"should be one of {', '.join(allowed)}"
    if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
        return f"should match {parameter['AllowedPattern']}"
    if OF_THE_EXAMPLE.search(value):
        return "is the example's: write your own"
    return _fault_of_number(value, parameter) if parameter["Type"] == "Number" else None


def _fault_of_number(value: str, parameter: Mapping[str, Any]) -> str | None:
    if not re.fullmatch(r"[0-9]+", value):
        return "should be a whole number"
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    if (least is not None and int(value) < least) or (most is not None and int(value) > most):
        return f"should be from {least} to {most}"
    return None


def _broken_rules(rules: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[str]:
    for rule in rules.values():
        if _is_true(rule["RuleCondition"], values):
            for assertion in rule["Assertions"]:
                if not _is_true(assertion["Assert"], values):
                    yield f"{assertion['AssertDescription']}."


def _is_true(condition: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """A condition of the template's rules, which compare parameters with texts and nothing more."""
    ((function, arguments),) = condition.items()
    if function == "Fn::Not":
        return not _is_true(arguments[0], values)
    if function == "Fn::Equals":
        left, right = (values[each["Ref"]] if isinstance(each, dict) else str(each) for each in arguments)
        return bool(left == right)
    raise NotImplementedError(f"a rule of the template uses {function}")


def _refused_by_the_functions(values: Mapping[str, str], variables: Mapping[str, Any]) -> Iterator[str]:
    """What the functions would refuse when they start, and parameters that together do not do what was meant."""
    names = {
        name: value["Ref"]
        for name, value in variables.items()
        if isinstance(value, dict) and value.get("Ref") in values
    }
    try:
        settings = Settings.from_environment(OF_THE_STACK | {name: values[given] for name, given in names.items()})
    except ValidationError as error:
        for each in error.errors():
            name = names[str(each["loc"][0])]
            yield f'{name}: "{values[name]}" {each["msg"].removeprefix("Value error, ")}.'
        return
    if settings.arm_contract not in (known := contract_files.names()):
        yield f'ArmContract: there is no contract "{settings.arm_contract}"; there are {", ".join(known)}.'
    yield from contradictions(settings)
    age = int(values["AlarmAgeSeconds"])
    if not settings.longest_poll_seconds < age < settings.hold_after_seconds:
        yield "AlarmAgeSeconds is not longer than LongestPollSeconds and shorter than HoldAfterSeconds."
