import json

import pytest
from arm_relay.orders.faults import Fault
from arm_relay.orders.json_bodies import NotJson
from arm_relay.webhook.questions import InvalidQuestion, ResultsQuestion, ids_of, results_of

AN_ARRAY = Fault("/ids", "should be an array of 1 to 100 order ids")
A_LIMIT = Fault("/limit", "should be a whole number from 1 to 500")


def test_ids_keep_their_order_and_their_repetitions() -> None:
    assert ids_of(b'{"ids": ["b", "a", "b"]}') == ("b", "a", "b")
    assert len(ids_of(json.dumps({"ids": ["x" * 128] * 100}).encode())) == 100


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        pytest.param(b"[]", [Fault("", "should be an object")], id="no object"),
        pytest.param(b"{}", [AN_ARRAY], id="nothing"),
        pytest.param(b'{"ids": "evt-1"}', [AN_ARRAY], id="no array"),
        pytest.param(b'{"ids": []}', [AN_ARRAY], id="no id"),
        pytest.param(json.dumps({"ids": ["a"] * 101}).encode(), [AN_ARRAY], id="too many"),
        pytest.param(
            json.dumps({"ids": ["a", 1, "", "x" * 129]}).encode(),
            [Fault(f"/ids/{place}", "should be a string of 1 to 128 characters") for place in (1, 2, 3)],
            id="no ids",
        ),
        pytest.param(b'{"ids": ["a"], "id/s": 1}', [Fault("/id~1s", "no such field")], id="unknown field"),
        pytest.param(b'{"ids": ["a"], "ids": ["b"]}', [Fault("/ids", "appears more than once")], id="repeated field"),
    ],
)
def test_what_is_no_question_about_orders_is_told_with_its_place(body: bytes, faults: list[Fault]) -> None:
    with pytest.raises(InvalidQuestion) as raised:
        ids_of(body)

    assert list(raised.value.faults) == faults


def test_a_question_for_results_may_say_nothing() -> None:
    assert results_of(b"{}") == ResultsQuestion(None, 100)
    assert results_of(b'{"after": "x", "limit": 500}') == ResultsQuestion("x", 500)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        pytest.param(b'{"after": 1}', [Fault("/after", "should be a string")], id="no text"),
        pytest.param(json.dumps({"after": "x" * 1001}).encode(), [Fault("/after", "should be a string")], id="long"),
        pytest.param(b'{"limit": 0}', [A_LIMIT], id="none"),
        pytest.param(b'{"limit": 501}', [A_LIMIT], id="too many"),
        pytest.param(b'{"limit": true}', [A_LIMIT], id="truth"),
        pytest.param(b'{"limit": 1.5}', [A_LIMIT], id="part"),
        pytest.param(b'{"limit": "1", "after": {}}', [Fault("/after", "should be a string"), A_LIMIT], id="both"),
        pytest.param(b'{"from": ""}', [Fault("/from", "no such field")], id="unknown field"),
    ],
)
def test_what_is_no_question_for_results_is_told_with_its_place(body: bytes, faults: list[Fault]) -> None:
    with pytest.raises(InvalidQuestion) as raised:
        results_of(body)

    assert list(raised.value.faults) == faults


@pytest.mark.parametrize("read", [ids_of, results_of])
def test_what_is_not_json_is_told_as_that(read: object) -> None:
    with pytest.raises(NotJson):
        read(b"{")  # type: ignore[operator]  # either of the two
