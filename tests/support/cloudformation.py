"""What CloudFormation makes of a template's conditions, for given parameters."""

from typing import Any, Final

_NOTHING: Final = object()


def resolved(document: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """The document with each condition decided: what is not made is gone, and each `Fn::If` is what it comes to.

    Parameters that are not given have their defaults.
    """
    values = {name: str(each.get("Default", "")) for name, each in document["Parameters"].items()} | parameters
    decided = {name: _holds(condition, document, values) for name, condition in document["Conditions"].items()}
    made = {
        section: {name: each for name, each in document[section].items() if decided.get(each.get("Condition"), True)}
        for section in ("Resources", "Outputs")
    }
    result: dict[str, Any] = _chosen(made, decided)
    return result


def _holds(condition: dict[str, Any], document: dict[str, Any], values: dict[str, str]) -> bool:
    ((function, arguments),) = condition.items()
    if function == "Condition":
        return _holds(document["Conditions"][arguments], document, values)
    if function == "Fn::Equals":
        one, other = (values[each["Ref"]] if isinstance(each, dict) else str(each) for each in arguments)
        return bool(one == other)
    parts = [_holds(each, document, values) for each in arguments]
    combined = {"Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}
    return combined[function]


def _chosen(value: Any, decided: dict[str, bool]) -> Any:  # noqa: ANN401 (CloudFormation)
    if value == {"Ref": "AWS::NoValue"}:
        return _NOTHING
    if isinstance(value, list):
        return [found for each in value if (found := _chosen(each, decided)) is not _NOTHING]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, one, other = value["Fn::If"]
        return _chosen(one if decided[condition] else other, decided)
    return {name: found for name, each in value.items() if (found := _chosen(each, decided)) is not _NOTHING}
