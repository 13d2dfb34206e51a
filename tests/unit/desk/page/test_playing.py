import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx

from desk.page.playing import Playing
from tests.support.api_world import SIGNING_SECRET
from tests.unit.desk.page.test_application import CONNECTION


class Simulator:
    """The simulator's settings, and the orders that were sent."""

    def __init__(self, *failing: str) -> None:
        self.settings: dict[str, Any] = {"failing_documents": list(failing)}
        #: Of each request with orders: the invoice numbers, and which documents failed when it came.
        self.sent: list[tuple[list[str], list[str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        content: Any = json.loads(request.content or b"{}")
        if request.url.path.endswith("/settings"):
            self.settings |= content
            return httpx.Response(200, json=self.settings)
        self.sent.append(([order["invoiceNo"] for order in content], self.settings["failing_documents"]))
        return httpx.Response(202, json={"status": "PENDING"})


def test_the_second_invoice_of_every_mixed_sample_fails_however_many_are_sent_at_once() -> None:
    simulator, numbers = Simulator("N0-2"), count(1)
    playing = Playing(
        replace(CONNECTION, client_no="2218", signing_secret=SIGNING_SECRET),
        "http://127.0.0.1:1/control",
        now=lambda: datetime(2026, 11, 27, tzinfo=UTC),
        new_number=lambda: str(next(numbers)),
        http=httpx.Client(transport=httpx.MockTransport(simulator)),
    )

    playing.send("mixed", 12)

    assert len(simulator.sent) == 12
    assert all({"N0-2", invoices[1]} <= set(failing) for invoices, failing in simulator.sent)
