"""The bodies are frozen in tests/contract/test_problem_details.py."""

from arm_relay.api.problems import KINDS, Kind, Problem, problem_of
from arm_relay.arm.credentials import NoCredentials
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.store.table import Busy


def test_kinds_differ_in_their_types() -> None:
    assert len({kind.slug for kind in Kind}) == len(Kind)


def test_a_kind_of_failure_is_told_apart_from_its_relatives() -> None:
    # Nothing is foreseen by its base class alone: a new subclass is an internal error until somebody decides.
    class Surprising(InvalidOrders):
        """A new one."""

    assert Surprising not in KINDS
    assert problem_of(Surprising([Fault("", "x")]), {}).kind is Kind.INTERNAL_ERROR


def test_a_busy_table_is_an_unavailable_one() -> None:
    assert problem_of(Busy("in the way"), {}).kind is Kind.UNAVAILABLE


def test_missing_credentials_are_no_problem_of_the_senders() -> None:
    assert problem_of(NoCredentials(), {}).kind is Kind.INTERNAL_ERROR


def test_a_problem_without_faults_has_no_list_of_them() -> None:
    assert "errors" not in Problem(Kind.NOT_JSON, "The body is not JSON.").to_json()


def test_further_members_stand_beside_the_known_ones() -> None:
    body = Problem(Kind.CONFLICT, "x", (), {"orderIds": ["evt-1"]}).to_json()

    assert (body["orderIds"], body["status"]) == (["evt-1"], 409)
