"""A client for the control port."""

import ssl
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import httpx


class OutcomeView(TypedDict):
    """What ARM decided about one document of a batch."""

    documentNo: str | None
    salesOrderId: str | None
    result: Literal["created", "failed", "batch-rejected"]
    message: str


class BatchView(TypedDict):
    """A batch taken; `body` is the request body as received, `payload` the same as JSON."""

    batchUuid: str
    clientNo: str
    receivedAt: str
    processedAt: str
    body: str
    payload: dict[str, Any]
    outcomes: list[OutcomeView]


class DocumentView(TypedDict):
    """A document billed; not `visible` while its batch is queued."""

    documentUuid: str
    documentNo: str
    salesOrderId: str | None
    customerNo: str
    clientNo: str
    batchUuid: str
    createdAt: str
    visible: bool
    payload: dict[str, Any]


class LedgerView(TypedDict):
    """ARM's books."""

    batches: list[BatchView]
    documents: list[DocumentView]


class RequestView(TypedDict):
    """A call that came in; `ending` is its status or the way in which the connection was lost."""

    at: str
    method: str
    path: str
    endpoint: Literal["token", "submit", "result", "document", "customer", "none"]
    ending: int | str


class FaultView(TypedDict):
    """A fault in force, with the times left."""

    endpoint: str
    kind: str
    times: int | None
    parameters: dict[str, Any]


class ArmControl:
    """Looks into the ledger of a running simulator, switches faults on and off, changes settings.

    Every method raises ValueError, with the simulator's words, when the simulator refuses a request.
    """

    def __init__(self, control_url: str) -> None:
        self.control_url = control_url

    def ledger(self) -> LedgerView:
        """Every batch and document."""
        view: LedgerView = self._call("GET", "/ledger")
        return view

    def clear_ledger(self) -> None:
        """Forget every batch and document."""
        self._call("DELETE", "/ledger")

    def requests(self) -> list[RequestView]:
        """Every call to ARM and its identity service, in order."""
        view: list[RequestView] = self._call("GET", "/requests")
        return view

    def faults(self) -> list[FaultView]:
        """The faults in force."""
        view: list[FaultView] = self._call("GET", "/faults")
        return view

    def add_fault(self, endpoint: str, kind: str, *, times: int | None = None, **parameters: object) -> None:
        """Make something go wrong for the next `times` calls, or until `clear_faults` (see `faults`)."""
        fault = {"endpoint": endpoint, "kind": kind, "times": times, "parameters": parameters}
        self._call("POST", "/faults", fault)

    def clear_faults(self) -> None:
        """Let all go well again."""
        self._call("DELETE", "/faults")

    def settings(self, **changes: object) -> dict[str, Any]:
        """Change the settings that are named, and answer all (see `settings`)."""
        if not changes:
            return self._settings("GET", None)
        return self._settings("PATCH", changes)

    def _settings(self, method: str, changes: Mapping[str, object] | None) -> dict[str, Any]:
        view: dict[str, Any] = self._call(method, "/settings", changes)
        return view

    def _call(self, method: str, path: str, content: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON)
        with _client() as client:
            response = client.request(method, self.control_url + path, json=content)
        if response.is_client_error:
            raise ValueError(response.json()["message"])
        return response.raise_for_status().json()


def _client() -> httpx.Client:
    """A client for loopback: no proxies, and a context without the certificates that take long to load."""
    return httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False, timeout=10)
