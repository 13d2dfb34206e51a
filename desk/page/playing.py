"""In the sandbox: failures of the simulated ARM, and orders to try them with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from desk.connection import Connection
from desk.page.inquiries import at_once
from desk.problems import Problem
from desk.sender import signature

#: The customer of the sample orders, and the one whom the simulated ARM does not bill while that is played.
CUSTOMER: Final = "543210"

#: How many orders are sent at once, at most.
MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that goes wrong: faults or changed settings of the simulator (docs/sandbox.md)."""

    fault: Mapping[str, object] | None = None
    settings: Mapping[str, object] | None = None


FAILURES: Final[Mapping[str, Failure]] = {
    "away": Failure(fault={"endpoint": "any", "kind": "refuse"}),
    "errors": Failure(fault={"endpoint": "submit", "kind": "status", "parameters": {"status": 503}}),
    "refuses": Failure(fault={"endpoint": "submit", "kind": "status", "times": 1, "parameters": {"status": 422}}),
    "fails": Failure(settings={"failing_customers": [CUSTOMER]}),
    "slow": Failure(settings={"processing_seconds": 20.0}),
    "lostAfter": Failure(fault={"endpoint": "submit", "kind": "drop-after", "times": 1}),
    "lostBefore": Failure(fault={"endpoint": "submit", "kind": "drop-before", "times": 1}),
}

#: What `end` sets back.
_NORMAL: Final = {"failing_customers": [], "processing_seconds": 0.2}

#: The kinds of sample orders: with an invoice number, without one, and one of two of which ARM cannot bill the second.
SAMPLES: Final = ("numbered", "unnumbered", "mixed")


@dataclass(frozen=True, slots=True)
class Sent:
    """A sample order that was sent, and what the relay answered."""

    order_id: str
    client_no: str
    invoice_nos: tuple[str, ...]
    status: int
    detail: str


class Playing:
    """Plays with one sandbox."""

    def __init__(
        self,
        connection: Connection,
        control_url: str,
        *,
        now: Callable[[], datetime],
        new_number: Callable[[], str],
        http: httpx.Client,
    ) -> None:
        """`new_number` names each order: no two may be the same."""
        self._connection = connection
        self._control_url = control_url
        self._now = now
        self._new_number = new_number
        self._http = http

    def situation(self) -> list[str]:
        """Which failures are being played, by their names."""
        faults: list[dict[str, Any]] = self._control("GET", "/faults")
        settings: dict[str, Any] = self._control("GET", "/settings")
        return [name for name, failure in FAILURES.items() if _is_on(failure, faults, settings)]

    def play(self, name: str) -> None:
        """Let one of `FAILURES` happen."""
        failure = FAILURES[name]
        if failure.fault:
            self._control("POST", "/faults", failure.fault)
        if failure.settings:
            self._control("PATCH", "/settings", failure.settings)

    def end(self) -> None:
        """Let all go well again."""
        self._control("DELETE", "/faults")
        self._control("PATCH", "/settings", _NORMAL)

    def send(self, sample: str, number: int) -> list[Sent]:
        """Send sample orders, each by itself."""
        numbers = [self._new_number() for _ in range(min(max(number, 1), MOST))]
        if sample == "mixed":
            # The simulator keeps one list, so all are in it before the first is sent, beside those still under way.
            failing = set(self._control("GET", "/settings")["failing_documents"])
            documents = sorted(failing | {f"N{each}-2" for each in numbers})
            self._control("PATCH", "/settings", {"failing_documents": documents})
        return at_once(lambda each: self._send(sample, each), numbers)

    def _send(self, sample: str, number: str) -> Sent:
        order = _order(number, invoice_no=None if sample == "unnumbered" else f"N{number}")
        orders = [order, _order(f"{number}-2", invoice_no=f"N{number}-2")] if sample == "mixed" else [order]
        client_no, secret = self._connection.client_no or "", self._connection.signing_secret or ""
        body, message_id, now = json.dumps(orders), f"msg_{number}", self._now()
        answer = self._asked(
            "POST",
            self._connection.orders_url(client_no),
            body.encode(),
            {"content-type": "application/json", **signature(secret, message_id, now, body)},
        )
        content = answer.json()
        said = str(content.get("status") or content.get("detail", ""))
        invoice_nos = tuple(each["invoiceNo"] for each in orders if "invoiceNo" in each)
        return Sent(order["id"], client_no, invoice_nos, answer.status_code, said)

    def _control(self, method: str, path: str, content: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON)
        body = json.dumps(content).encode() if content is not None else b""
        answer = self._asked(method, self._control_url + path, body, {"content-type": "application/json"})
        if not answer.is_success:
            raise Problem(f"the simulator of ARM answered {answer.status_code}: {answer.text}")
        return answer.json()

    def _asked(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return self._http.request(method, url, content=body, headers=headers)
        except httpx.TransportError as error:
            raise Problem(f"the sandbox does not answer at {url}: {error}") from None


def _is_on(failure: Failure, faults: list[dict[str, Any]], settings: Mapping[str, Any]) -> bool:
    fault = failure.fault
    if fault and not any(_is_same(fault, standing) for standing in faults):
        return False
    return all(settings[name] == value for name, value in (failure.settings or {}).items())


def _is_same(fault: Mapping[str, object], standing: Mapping[str, object]) -> bool:
    parameters = fault.get("parameters", {})
    return (fault["endpoint"], fault["kind"], parameters) == (
        standing["endpoint"],
        standing["kind"],
        standing["parameters"],
    )


def _order(number: str, invoice_no: str | None) -> dict[str, Any]:
    """An order with two rates of VAT and a line of text."""
    order: dict[str, Any] = {
        "id": f"evt-{number}",
        "type": "order.invoiced",
        "orderId": f"B-{number}",
        "customerNo": CUSTOMER,
        "paymentTermsDays": 14,
        "currency": "NOK",
        "lines": [
            {"sku": "1300", "name": "Desk lamp", "quantity": 2, "unit": "pcs", "unitPrice": 449.5, "vatRate": 25},
            {"sku": "1500", "name": "Coffee beans", "quantity": 3, "unit": "kg", "unitPrice": 189, "vatRate": 15},
            {"text": "Thank you for the order"},
        ],
    }
    return order | ({"invoiceNo": invoice_no} if invoice_no else {})
