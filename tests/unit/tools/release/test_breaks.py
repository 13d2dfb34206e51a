"""Each test changes one thing in what the working copy promises now."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from tools.release import contracts
from tools.release.breaks import breaks

ORDERS = "/v1/clients/{clientNo}/orders"


@cache
def current() -> str:
    return json.dumps(contracts.current())


def found(change: Callable[[dict[str, Any]], object], *, back: bool = False) -> list[str]:
    """What breaks where the change is made, or taken back."""
    old = json.loads(current())
    new = deepcopy(old)
    change(new)
    pair = (new, old) if back else (old, new)
    return [f"{each.subject}: {each.what}" for each in breaks(*pair)]


def parameter(name: str, **changes: object) -> Callable[[dict[str, Any]], object]:
    return lambda new: new["template.json"]["parameters"].setdefault(name, {"Type": "String"}).update(changes)


def test_nothing_breaks_where_nothing_changes() -> None:
    assert found(lambda _: None) == []


def test_a_route_that_is_gone_breaks() -> None:
    assert found(lambda new: new["openapi.json"]["paths"].pop("/v1/orders")) == ["GET /v1/orders: the route is gone"]


def test_a_new_route_breaks_nothing() -> None:
    assert found(lambda new: new["openapi.json"]["paths"].pop("/v1/orders"), back=True) == []


def test_a_request_with_less_in_it_breaks_its_senders() -> None:
    def change(new: dict[str, Any]) -> None:
        schema = new["openapi.json"]["components"]["schemas"]["Order"]
        schema["properties"].pop("ledgerNote")
        schema["required"].append("kid")

    broken = found(change)

    assert "ledgerNote: the field is gone" in broken
    assert "kid: the field is required now" in broken


def test_an_answer_with_less_in_it_breaks_its_readers() -> None:
    def change(new: dict[str, Any]) -> None:
        new["openapi.json"]["components"]["schemas"]["Receipt"]["properties"].pop("batchUuid")

    assert set(found(change)) == {"batchUuid: the field is gone"}
    assert found(change, back=True) == []


def test_an_answer_that_is_gone_breaks_only_where_it_was_a_good_one() -> None:
    def change(status: str) -> Callable[[dict[str, Any]], object]:
        return lambda new: new["openapi.json"]["paths"][ORDERS]["post"]["responses"].pop(status)

    assert found(change("202")) == [f"POST {ORDERS}: the answer is gone"]
    assert found(change("409")) == []


def test_a_query_parameter_that_is_gone_or_required_breaks() -> None:
    def parameters(new: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = new["openapi.json"]["paths"][ORDERS]["post"]["parameters"]
        return found

    assert found(lambda new: parameters(new).pop(0)) == ["onInvalid: the parameter is gone"]
    assert found(lambda new: parameters(new)[0].update(required=True)) == ["onInvalid: the parameter is required now"]


def test_another_authorisation_breaks() -> None:
    def change(new: dict[str, Any]) -> None:
        new["openapi.json"]["paths"][ORDERS]["post"]["security"] = [{"iam": []}]

    assert found(change) == [f"POST {ORDERS}: who may call it, and how that is shown, has changed"]


def test_a_new_word_in_an_announcement_breaks_its_readers() -> None:
    def change(new: dict[str, Any]) -> None:
        new["notification.schema.json"]["properties"].pop("time")

    assert found(change) == ["time: the field is gone"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda new: new["template.json"]["parameters"].pop("AlarmEmail"), "AlarmEmail: the parameter is gone"),
        (parameter("Colour"), "Colour: the parameter is new, and has no default"),
        (parameter("KidCheck", Default="on"), "KidCheck: Default was off, and is on"),
        (parameter("KidCheck", Type="Number"), "KidCheck: Type was String, and is Number"),
        (parameter("KidCheck", AllowedValues=["off"]), "KidCheck: AllowedValues has not got on any more"),
        (parameter("FirstPollSeconds", MinValue=2), "FirstPollSeconds: MinValue was 1, and is 2"),
        (parameter("FirstPollSeconds", MaxValue=899), "FirstPollSeconds: MaxValue was 900, and is 899"),
        (parameter("InvoiceTimeZone", AllowedPattern="^E"), "InvoiceTimeZone: AllowedPattern was not there, and is ^E"),
        (lambda new: new["template.json"]["outputs"].remove("ApiId"), "ApiId: the output is gone"),
    ],
    ids=range(9),
)
def test_a_deployers_values_break(change: Callable[[dict[str, Any]], object], what: str) -> None:
    assert found(change) == [what]


@pytest.mark.parametrize(
    "change",
    [
        parameter("Colour", Default="red"),
        parameter("KidCheck", AllowedValues=["on", "off", "warn"]),
        parameter("FirstPollSeconds", MaxValue=901),
        lambda new: new["template.json"]["outputs"].append("Colour"),
        lambda new: new["words.json"]["metrics"].append("Colour"),
    ],
    ids=["parameter", "value", "range", "output", "metric"],
)
def test_more_of_it_breaks_nothing(change: Callable[[dict[str, Any]], object]) -> None:
    assert found(change) == []


def test_a_metric_that_is_gone_breaks() -> None:
    assert found(lambda new: new["words.json"]["metrics"].remove("BatchAge")) == ["BatchAge: BatchAge is gone"]


def test_records_that_the_last_release_cannot_read_break_it_and_a_roll_back() -> None:
    assert found(lambda new: new["formats.json"].update(newestRead=2)) == []
    (broken,) = found(lambda new: new["formats.json"].update(newestRead=2, written=2))
    assert broken == "format: the last release reads formats up to 1, and this one writes 2"
    (unread,) = found(lambda new: new["formats.json"].update(newestRead=0, written=0))
    assert unread == "format: the last release writes format 1, and this one reads up to 0"
