"""Whether ARM has a customer, as a preview asks it."""

from dataclasses import dataclass, field

import pytest
from arm_relay.arm.errors import NoAnswer, Scope
from arm_relay.webhook.customers import LONGEST, Customers


@dataclass
class Arm:
    """A ledger that has the customers 1 and 2. Each question takes its time."""

    seconds: float = 0.1
    #: What happens to the question about a customer.
    errors: dict[str, NoAnswer] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)
    now: float = 50.0

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        assert client_no == "2218"
        self.asked.append((customer_no, within))
        self.now += self.seconds
        if customer_no in self.errors:
            raise self.errors[customer_no]
        return customer_no in {"1", "2"}


def ask(arm: Arm, *numbers: str) -> list[str]:
    found = Customers(arm, lambda: arm.now).ask("2218", numbers)
    return [found[number].value for number in numbers]


def test_each_customer_is_asked_for_once() -> None:
    arm = Arm()

    assert ask(arm, "1", "x", "1", "2") == ["exists", "missing", "exists", "exists"]
    assert [number for number, _ in arm.asked] == ["1", "x", "2"]


def test_a_preview_asks_no_longer_than_it_may() -> None:
    arm = Arm(seconds=4)

    assert ask(arm, "1", "2", "3", "4") == ["exists", "exists", "missing", "not-asked"]
    assert [within for _, within in arm.asked] == [LONGEST, LONGEST - 4, LONGEST - 8]


def test_a_number_that_a_server_may_read_otherwise_is_not_asked_for() -> None:
    arm = Arm()

    assert ask(arm, "..", "a/b", "\u00e5", "1 ") == ["not-asked"] * 4
    assert arm.asked == []


def test_what_is_not_understood_says_nothing_about_the_next_one() -> None:
    arm = Arm(errors={"7": NoAnswer("ARM answered 400 about a customer")})

    assert ask(arm, "7", "1") == ["no-answer", "exists"]


@pytest.mark.parametrize("scope", [Scope.ARM, Scope.CLIENT, Scope.TOKEN])
def test_where_arm_is_out_of_reach_nothing_more_is_asked(scope: Scope) -> None:
    arm = Arm(errors={"7": NoAnswer("out of reach", scope=scope)})

    assert ask(arm, "7", "1") == ["no-answer", "not-asked"]
