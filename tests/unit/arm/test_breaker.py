from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from arm_relay.arm.breaker import LIMIT, Breaker
from arm_relay.arm.errors import ArmError, InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.batches.batch import Answer

ACCEPTED = ("u1", Answer(202, "{}"))
DOWN = NotSent("no connection", scope=Scope.ARM)
SHUT = NotSent("403", scope=Scope.CLIENT)
ITS_OWN = Refused(Answer(400, "{}"))

CALLS: dict[str, Callable[[Breaker], object]] = {
    "submit": lambda breaker: breaker.submit("2218", b"{}"),
    "result": lambda breaker: breaker.result("2218", "u1", WITHIN),
    "document": lambda breaker: breaker.document("2218", "88776655", WITHIN),
}

#: How long a call may take, in seconds.
WITHIN = 60.0


class Arm:
    """Answers each call with the next of the endings, the last one for ever."""

    def __init__(self, *endings: ArmError | None) -> None:
        self._endings = list(endings)
        self.calls: list[tuple[object, ...]] = []

    def _end(self, *call: object) -> None:
        self.calls.append(call)
        ending = self._endings.pop(0) if len(self._endings) > 1 else self._endings[0]
        if ending:
            raise ending

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        self._end("submit", client_no, payload)
        return ACCEPTED

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        self._end("result", client_no, batch_uuid, within)
        return Answer(200, "{}")

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        raise AssertionError(client_no, customer_no, within)

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        self._end("document", client_no, document_no, within)
        return None


def after(*endings: ArmError | None) -> Breaker:
    """A breaker that has seen calls end so."""
    breaker = Breaker(Arm(*endings))
    for ending in endings:
        if ending:
            with pytest.raises(type(ending)):
                breaker.submit("2218", b"{}")
        else:
            breaker.submit("2218", b"{}")
    return breaker


def test_calls_and_answers_pass_through() -> None:
    arm = Arm(None)
    breaker = Breaker(arm)

    assert breaker.submit("2218", b"{}") == ACCEPTED
    assert breaker.result("2218", "u1", WITHIN) == Answer(200, "{}")
    assert breaker.document("2218", "1", WITHIN) is None
    assert arm.calls == [("submit", "2218", b"{}"), ("result", "2218", "u1", WITHIN), ("document", "2218", "1", WITHIN)]


@pytest.mark.parametrize(
    ("endings", "is_open"),
    [
        pytest.param([None], False, id="all well"),
        pytest.param([DOWN] * (LIMIT - 1), False, id="one too few"),
        pytest.param([DOWN] * LIMIT, True, id="down"),
        pytest.param([NotSent("no token", scope=Scope.TOKEN), InDoubt("5", scope=Scope.ARM), DOWN], True, id="all"),
        pytest.param([DOWN, DOWN, None, DOWN, DOWN], False, id="an answer between"),
        pytest.param([DOWN, DOWN, ITS_OWN, DOWN, DOWN], False, id="a refusal is an answer, too"),
        pytest.param([DOWN, DOWN, NoAnswer("302"), DOWN, DOWN], False, id="not understood is an answer, too"),
        pytest.param([ITS_OWN] * 10, False, id="refusals are the batches' own"),
        pytest.param([SHUT] * LIMIT, True, id="the client is shut out"),
        pytest.param([SHUT, SHUT, None, SHUT, SHUT], False, id="not for good"),
        pytest.param([DOWN, DOWN, SHUT, DOWN, DOWN], False, id="who is shut out got an answer"),
        pytest.param([SHUT, SHUT, DOWN, SHUT], True, id="shut out with a lost answer between"),
        pytest.param([*[DOWN] * LIMIT, None], True, id="stays open after a late answer"),
        pytest.param([*[DOWN] * LIMIT, ITS_OWN], True, id="stays open after a late refusal"),
    ],
)
def test_so_many_failures_in_a_row_open_it(endings: list[ArmError | None], *, is_open: bool) -> None:
    assert after(*endings).is_open("2218") is is_open


def test_a_client_that_is_shut_out_shuts_out_no_other() -> None:
    breaker = after(*[SHUT] * LIMIT)

    assert breaker.is_open("2218")
    assert not breaker.is_open("2219")


def test_where_arm_is_down_it_is_down_for_all() -> None:
    assert after(*[DOWN] * LIMIT).is_open("2219")


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_watched(call: str) -> None:
    breaker = Breaker(Arm(NoAnswer("no connection", scope=Scope.ARM)))
    for _ in range(LIMIT):
        with pytest.raises(NoAnswer):
            CALLS[call](breaker)

    assert breaker.is_open("2218")


def test_failures_at_once_all_count() -> None:
    breaker = Breaker(Arm(DOWN))

    def call(_number: int) -> None:
        with pytest.raises(NotSent):
            breaker.submit("2218", b"{}")

    with ThreadPoolExecutor(LIMIT) as threads:
        list(threads.map(call, range(LIMIT)))

    assert breaker.is_open("2218")
