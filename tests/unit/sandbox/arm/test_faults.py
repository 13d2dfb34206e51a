import pytest

from sandbox.arm.behaviours import BEHAVIOURS
from sandbox.arm.faults import HTTP_KINDS, PARAMETERS, Fault, Faults


def test_every_kind_does_something() -> None:
    assert set(BEHAVIOURS) == set(PARAMETERS)


def test_what_needs_a_simulated_connection_is_not_played_over_http() -> None:
    assert set(PARAMETERS) - HTTP_KINDS == {
        "dns",
        "tls",
        "connect-timeout",
        "pool-timeout",
        "write-error",
        "write-timeout",
        "read-timeout-before",
        "read-error-after",
        "read-timeout-after",
        "write-error-after",
    }


def test_a_fault_is_for_its_endpoint() -> None:
    fault = Fault("submit", "drop-after")

    faults = Faults(fault)

    assert faults.take("token") is None
    assert faults.take("submit") == fault


def test_a_fault_may_be_for_any_endpoint() -> None:
    fault = Fault("any", "slow")

    faults = Faults(fault)

    assert faults.take("result") == fault


def test_a_fault_stays_until_it_is_cleared() -> None:
    faults = Faults(Fault("submit", "drop-after"))
    assert all(faults.take("submit") for _ in range(100))

    faults.clear()

    assert faults.take("submit") is None


def test_a_fault_may_be_for_some_calls_only() -> None:
    faults = Faults(Fault("submit", "drop-after", times=2))

    assert [bool(faults.take("submit")) for _ in range(3)] == [True, True, False]
    assert faults.standing == []


def test_faults_come_in_the_order_in_which_they_were_added() -> None:
    faults = Faults(Fault("submit", "slow", times=1))
    faults.add(Fault("any", "huge", times=1))
    faults.add(Fault("submit", "not-json"))

    kinds = [fault.kind for _ in range(4) if (fault := faults.take("submit"))]

    assert kinds == ["slow", "huge", "not-json", "not-json"]


@pytest.mark.parametrize(
    ("endpoint", "kind", "times", "parameters", "words"),
    [
        ("customers", "slow", None, {}, "no endpoint 'customers'"),
        ("submit", "explode", None, {}, "no kind 'explode'"),
        ("submit", "slow", 0, {}, "times must be"),
        ("submit", "slow", None, {"minutes": 1}, "slow has no parameter 'minutes'"),
        ("submit", "slow", None, {"seconds": "1"}, "seconds of slow cannot be '1'"),
        ("submit", "slow", None, {"seconds": True}, "seconds of slow cannot be True"),
        ("submit", "status", None, {"status": "500"}, "status of status cannot be '500'"),
        ("submit", "status", None, {"taken": 1}, "taken of status cannot be 1"),
        ("token", "token-garbage", None, {"variant": "bad"}, "no variant 'bad'"),
    ],
)
def test_a_fault_that_cannot_be_is_not_accepted(
    endpoint: str, kind: str, times: int | None, parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Fault(endpoint, kind, times, parameters)


def test_a_parameter_has_a_default() -> None:
    assert Fault("submit", "status").number("status") == 503
    assert Fault("submit", "status", parameters={"status": 429}).number("status") == 429


def test_connections_are_refused_while_that_fault_stands() -> None:
    faults = Faults(Fault("submit", "slow"))
    assert not faults.refusing()

    faults.add(Fault("any", "refuse"))
    assert faults.refusing()
