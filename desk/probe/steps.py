"""The steps of the probe: what is asked of ARM, and what is created there. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from arm_relay.arm.documents import to_json
from arm_relay.arm.mapping import ArmCodes, to_batch
from arm_relay.orders.parsing import parse_orders

#: A customer that no ledger has.
NO_SUCH_CUSTOMER: Final = "RELAY-PROBE-NONE"

#: Days until the documents are due.
TERMS: Final = 14


@dataclass(frozen=True, slots=True)
class Sent:
    """One document of a step."""

    #: What follows the run's name in its number; None for a document without one.
    number: str | None
    #: Whether its customer exists.
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    name: str
    #: What it does, as a sentence for a person who is asked.
    what: str
    sent: tuple[Sent, ...] = ()

    def numbers(self, run: str) -> tuple[str | None, ...]:
        """The numbers of its documents."""
        return tuple(f"{run}{sent.number}" if sent.number else None for sent in self.sent)


STEPS: Final = (
    Step("token", "asks the identity service for a token"),
    Step("unknown-number", "asks for a document that does not exist"),
    Step("unknown-batch", "asks for a batch that does not exist"),
    Step("good", "creates one invoice of 1.25 for the test customer", (Sent("1"),)),
    Step(
        "one-bad",
        "creates one invoice of 1.25 for the test customer, beside one for a customer that does not exist",
        (Sent("2"), Sent("3", is_good=False), Sent("4")),
    ),
    Step(
        "all-bad",
        "sends two invoices for a customer that does not exist; nothing should be created",
        (Sent("5", is_good=False), Sent("6", is_good=False)),
    ),
    Step("repeated", "sends the first invoice again under its number; a second one may be created", (Sent("1"),)),
    Step("unnumbered", "creates one invoice of 1.25 for the test customer without a number of ours", (Sent(None),)),
)


def payload_of(step: Step, run: str, customer_no: str, today: date, user_id: str) -> bytes:
    """What the relay would send for the step's documents."""
    events = [
        {
            "id": f"{run}-{step.name}-{place}",
            "type": "order.invoiced",
            "orderId": f"{run}-{step.name}-{place}",
            "customerNo": customer_no if sent.is_good else NO_SUCH_CUSTOMER,
            "invoiceNo": number,
            "invoiceDate": today.isoformat(),
            "dueDate": (today + timedelta(days=TERMS)).isoformat(),
            "currency": "NOK",
            "lines": [{"sku": "PROBE", "name": "Test of ARM Relay", "quantity": 1, "unitPrice": 1, "vatRate": 25}],
        }
        for place, (sent, number) in enumerate(zip(step.sent, step.numbers(run), strict=True))
    ]
    # ARM Relay's own reading and mapping: what is learnt is learnt about what the relay sends.
    orders = [order for event in events for order in parse_orders(_json(event)).valid]
    return to_json(to_batch(orders, ArmCodes(user_id, ""), today))


def _json(event: Mapping[str, object]) -> bytes:
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()
