"""A simulator in process, under a clock that moves only when a test moves it, and documents to send to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sandbox.arm.api import ArmApi
from sandbox.arm.faults import Fault, Faults
from sandbox.arm.ledger import Ledger, short_uuid
from sandbox.arm.messages import Abort, Answer, Request, Response
from sandbox.arm.settings import Settings

FORM = {"content-type": "application/x-www-form-urlencoded"}
CREDENTIALS = b"grant_type=client_credentials&client_id=my-integration&client_secret=s3cr3t"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2025, 2, 27, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def uuids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: short_uuid(next(numbers).to_bytes(16))


def a_document(**changes: object) -> dict[str, object]:
    """The documentation's document, in short; None takes a field away."""
    document: dict[str, object] = {
        "documentType": "IN",
        "customerNo": "543210",
        "documentNo": "88776655",
        "documentDate": "2025-02-27",
        "dueDate": "2025-03-11",
        "salesOrderId": "B-0564311",
        "documentLines": [{"lineNo": 1, "lineType": "TXT", "articleNo": "", "articleName": "", "lineText": "Hello"}],
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def a_payload(*documents: dict[str, object]) -> dict[str, object]:
    return {"metadata": {"userId": "TestUser"}, "documents": list(documents) or [a_document()]}


def three_documents() -> tuple[dict[str, object], ...]:
    return tuple(a_document(documentNo=f"A{n}", salesOrderId=f"B-{n}", customerNo=f"C{n}") for n in (1, 2, 3))


@dataclass
class Simulator:
    clock: Clock
    settings: Settings
    faults: Faults
    ledger: Ledger
    api: ArmApi

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.api.handle(Request(method, path, named, body))

    def response(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        answer = self.ask(method, path, body, **headers)
        assert not isinstance(answer, Abort)
        return answer

    def token(self) -> Response:
        return self.response("POST", "/token", CREDENTIALS, **FORM)

    def bearer(self) -> str:
        return f"Bearer {content(self.token())['access_token']}"

    def post(self, *documents: dict[str, object]) -> Answer:
        return self.ask(
            "POST",
            "/arm/v1/clients/2218/documents/batches",
            json.dumps(a_payload(*documents)).encode(),
            authorization=self.bearer(),
            content_type="application/json",
        )

    def submit(self, *documents: dict[str, object]) -> str:
        """Send a batch, answer its UUID."""
        answer = self.post(*documents)
        assert not isinstance(answer, Abort)
        uuid: str = content(answer)["batchUuid"]
        return uuid

    def get(self, path: str) -> Response:
        return self.response("GET", f"/arm/v1/clients/2218/{path}", authorization=self.bearer())

    def result(self, uuid: str) -> Response:
        return self.get(f"batches/{uuid}")

    def fail(self, endpoint: str, kind: str, times: int | None = None, **parameters: object) -> None:
        self.faults.add(Fault(endpoint, kind, times, parameters))


def a_simulator() -> Simulator:
    clock, settings, faults = Clock(), Settings(), Faults()
    ledger = Ledger(clock.now, uuids(), settings)
    tokens = (f"token-{number}" for number in count(1))
    api = ArmApi(ledger, faults, settings, "my-integration", "s3cr3t", clock.now, lambda: next(tokens))
    return Simulator(clock, settings, faults, ledger, api)


def content(response: Response) -> Any:  # noqa: ANN401 (JSON)
    return json.loads(response.body)
