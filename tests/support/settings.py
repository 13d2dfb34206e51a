"""The functions' environment variables, as the template sets them."""

from collections.abc import Mapping
from typing import Any, Final

from tests.support.template import template

#: What the template takes from its resources rather than from its parameters.
RESOURCES: Final = {
    "TABLE_NAME": "relay",
    "ANNOUNCED_TABLE_NAME": "announced",
    "TOPIC_ARN": "arn:aws:sns:eu-north-1:123456789012:topic",
    "SECRET_ARN": "secret",
}


def environment(overridden: Mapping[str, object] | None = None) -> dict[str, str]:
    """The variables every function gets where all parameters but those `overridden` have their defaults."""
    variables: dict[str, Any] = template()["Globals"]["Function"]["Environment"]["Variables"]
    defaults = {name: parameter.get("Default") for name, parameter in template()["Parameters"].items()}
    values = defaults | {"AWS::StackName": "arm-relay"} | dict(overridden or {})
    given = {name: _value(name, value, values) for name, value in variables.items()}
    return {name: value for name, value in given.items() if value is not None}


def _value(name: str, value: object, values: Mapping[str, object]) -> str | None:
    if not isinstance(value, dict):
        return str(value)
    found = RESOURCES.get(name, values.get(value.get("Ref", "")))
    return None if found is None else str(found)


#: The settings of a deployment with the template's defaults; ARM at an address that no test reaches.
SETTINGS: Final = environment({"ArmBaseUrl": "https://arm.example/arm/v1", "ArmTokenUrl": "https://arm.example/token"})
