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


def post(new: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = new["openapi.json"]["paths"][ORDERS]["post"]
    return operation


@pytest.mark.parametrize("status", ["202", "409"])
def test_an_answer_that_is_gone_breaks(status: str) -> None:
    assert found(lambda new: post(new)["responses"].pop(status)) == [f"POST {ORDERS}: the answer is gone"]


def test_a_new_good_answer_breaks_and_a_new_refusal_does_not() -> None:
    def answers(status: str) -> Callable[[dict[str, Any]], object]:
        return lambda new: post(new)["responses"].update({status: {"description": "Another."}})

    assert found(answers("201")) == [f"POST {ORDERS}: the answer is new"]
    assert found(answers("418")) == []


def test_a_header_that_is_gone_breaks() -> None:
    assert found(lambda new: post(new)["responses"]["202"].pop("headers")) == ["Location: the header is gone"]


def test_a_header_with_other_values_breaks() -> None:
    def change(new: dict[str, Any]) -> None:
        post(new)["responses"]["202"]["headers"]["Location"]["schema"] = {"type": "integer"}

    assert found(change) == ["Location: the type integer is new"]


def test_a_shared_answer_breaks_every_route_that_refers_to_it() -> None:
    shared = {"description": "Refused.", "content": {"application/json": {"schema": {"type": "object"}}}}

    def share(new: dict[str, Any], **changes: object) -> None:
        new["openapi.json"]["components"]["responses"] = {"Refused": {**shared, **changes}}
        post(new)["responses"]["409"] = {"$ref": "#/components/responses/Refused"}

    old, new = json.loads(current()), json.loads(current())
    share(old)
    share(new, content={})

    assert [str(each) for each in breaks(old, new)] == [
        f"openapi.json: POST {ORDERS}, answer 409: application/json is gone"
    ]


def test_the_authorisation_of_the_whole_is_that_of_a_route_that_says_nothing() -> None:
    def change(new: dict[str, Any], scheme: str) -> None:
        post(new).pop("security")
        new["openapi.json"]["security"] = [{scheme: []}]

    assert found(lambda new: change(new, "standardWebhooks")) == []
    assert found(lambda new: change(new, "iam")) == [
        f"POST {ORDERS}: who may call it, and how that is shown, has changed"
    ]


def test_another_way_to_show_who_one_is_breaks() -> None:
    def change(new: dict[str, Any]) -> None:
        new["openapi.json"]["components"]["securitySchemes"]["standardWebhooks"]["name"] = "signature"

    assert found(change) == ["standardWebhooks: how a caller shows who it is has changed"]


def test_a_server_that_is_gone_and_another_name_of_an_operation_break() -> None:
    broken = found(lambda new: new["openapi.json"]["servers"][0].update(url="/v2"))

    assert f"POST {ORDERS}: the server / is gone" in broken
    assert found(lambda new: post(new).update(operationId="other")) == [
        f"POST {ORDERS}: operationId was acceptOrders, and is other"
    ]


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
        (lambda new: new["template.json"]["outputs"].pop("ApiId"), "ApiId: the output is gone"),
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
        lambda new: new["template.json"]["outputs"].update(Colour={"Value": "red"}),
        lambda new: new["words.json"]["metrics"].append("Colour"),
    ],
    ids=["parameter", "value", "range", "output", "metric"],
)
def test_more_of_it_breaks_nothing(change: Callable[[dict[str, Any]], object]) -> None:
    assert found(change) == []


def test_a_metric_that_is_gone_breaks() -> None:
    assert found(lambda new: new["words.json"]["metrics"].remove("BatchAge")) == ["BatchAge: BatchAge is gone"]


@pytest.mark.parametrize("kind", ["states", "orderStatuses"])
def test_a_new_state_breaks_whoever_has_a_case_for_each(kind: str) -> None:
    assert found(lambda new: new["words.json"][kind].append("COLOURED")) == ["COLOURED: COLOURED is new"]


def test_a_metric_with_another_unit_or_without_a_dimension_breaks() -> None:
    def metric(new: dict[str, Any], name: str) -> dict[str, Any]:
        entry: dict[str, Any] = new["signals.json"]["metrics"][name]
        return entry

    unit = found(lambda new: metric(new, "BatchAge").update(unit="Milliseconds"))
    assert unit == ["BatchAge: the unit was Seconds, and is Milliseconds"]
    dimension = found(lambda new: metric(new, "RequestsRejected")["dimensions"].remove(["problem", "service"]))
    assert dimension == ["RequestsRejected: it has not got the dimensions problem, service any more"]


def test_an_attribute_of_messages_that_is_gone_or_of_another_type_breaks() -> None:
    def attributes(new: dict[str, Any]) -> dict[str, str]:
        kept: dict[str, str] = new["signals.json"]["messageAttributes"]
        return kept

    assert found(lambda new: attributes(new).pop("status")) == ["status: the attribute of the messages is gone"]
    assert found(lambda new: attributes(new).update(clientNo="Number")) == [
        "clientNo: its data type was String, and is Number"
    ]
    assert found(lambda new: attributes(new).update(colour="String")) == []


def test_records_that_the_last_release_cannot_read_break_it_and_a_roll_back() -> None:
    assert found(lambda new: new["formats.json"].update(newestRead=2)) == []
    (broken,) = found(lambda new: new["formats.json"].update(newestRead=2, written=2))
    assert broken == "format: the last release reads formats up to 1, and this one writes 2"
    (unread,) = found(lambda new: new["formats.json"].update(newestRead=0, written=0))
    assert unread == "format: the last release writes format 1, and this one reads up to 0"
