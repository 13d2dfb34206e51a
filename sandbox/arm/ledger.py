"""ARM's books: the batches it has taken, and every document it has billed."""

from base64 import urlsafe_b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Final, Literal

from sandbox.arm.settings import Settings

#: Where the series starts that numbers the documents sent without a documentNo.
FIRST_NUMBER: Final = 70_000_001

type DocumentJson = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ARM decided about one document of a batch; `batch-rejected` documents were good, another one was not."""

    position: int
    document_no: str | None
    sales_order_id: str | None
    result: Literal["created", "failed", "batch-rejected"]
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document billed to a customer."""

    uuid: str
    client_no: str
    #: As sent, or from the series.
    document_no: str
    sales_order_id: str | None
    customer_no: str
    batch_uuid: str
    payload: DocumentJson
    #: When it can be found.
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch taken, with its body as received."""

    uuid: str
    client_no: str
    payload: Mapping[str, object]
    raw: bytes
    received_at: datetime
    processed_at: datetime
    outcomes: tuple[Outcome, ...]


def short_uuid(sixteen_bytes: bytes) -> str:
    """A UUID as ARM writes it: 22 characters of base64url, without padding."""
    return urlsafe_b64encode(sixteen_bytes).decode().rstrip("=")


class Ledger:
    """Takes batches and bills documents. Everything is decided when a batch is taken and seen once it is processed.

    `new_uuid` gives ARM's short UUIDs (see `short_uuid`).
    """

    def __init__(self, now: Callable[[], datetime], new_uuid: Callable[[], str], settings: Settings) -> None:
        self.now = now
        self.new_uuid = new_uuid
        self.settings = settings
        self.clear()

    def clear(self) -> None:
        """Forget every batch and document."""
        self.batches: list[Batch] = []
        #: Everything billed, also what is not visible yet, in the order in which it was taken.
        self.documents: list[Document] = []
        self._batches: dict[str, Batch] = {}
        self._numbered: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
        self._series: Iterator[int] = count(FIRST_NUMBER)

    def accept(self, client_no: str, payload: Mapping[str, object], raw: bytes = b"") -> str:
        """Take a batch (a payload that `api` found well-formed) and answer its UUID."""
        received = self.now()
        processed = received + timedelta(seconds=self.settings.processing_seconds)
        uuid = self.new_uuid()
        outcomes = self._outcomes(client_no, uuid, documents_of(payload), processed)
        batch = Batch(uuid, client_no, payload, raw, received, processed, outcomes)
        self.batches.append(batch)
        self._batches[uuid] = batch
        return uuid

    def batch(self, client_no: str, uuid: str) -> Batch | None:
        """The batch of that client; UUIDs are case-sensitive."""
        batch = self._batches.get(uuid)
        return batch if batch and batch.client_no == client_no else None

    def document(self, client_no: str, document_no: str) -> Document | None:
        """The first visible document of that number, which is not case-sensitive."""
        now = self.now()
        numbered = self._numbered.get((client_no, document_no.casefold()), ())
        return next((document for document in numbered if document.created_at <= now), None)

    def billed_by_order(self) -> Counter[tuple[str, str | None]]:
        """How many documents were billed for each (clientNo, salesOrderId), visible yet or not."""
        return Counter((document.client_no, document.sales_order_id) for document in self.documents)

    def billed_by_number(self) -> Counter[tuple[str, str]]:
        """How many documents were billed under each (clientNo, documentNo in lower case), visible yet or not."""
        return Counter((document.client_no, document.document_no.casefold()) for document in self.documents)

    def _outcomes(
        self, client_no: str, batch_uuid: str, documents: Sequence[DocumentJson], processed: datetime
    ) -> tuple[Outcome, ...]:
        problems = self._problems(client_no, documents)
        if self.settings.all_or_nothing and any(problems):
            return tuple(map(_rejected, range(len(documents)), documents, problems))
        return tuple(
            _failed(position, document, problem)
            if problem
            else self._bill(position, document, (client_no, batch_uuid, processed))
            for position, (document, problem) in enumerate(zip(documents, problems, strict=True))
        )

    def _problems(self, client_no: str, documents: Sequence[DocumentJson]) -> list[str | None]:
        seen: set[str] = set()
        problems: list[str | None] = []
        for document in documents:
            number = (_text(document, "documentNo") or "").casefold()
            taken = number in seen or (client_no, number) in self._numbered
            problems.append(self._problem(document, number, taken=taken))
            seen.update({number} - {""})
        return problems

    def _problem(self, document: DocumentJson, number: str, *, taken: bool) -> str | None:
        customer = str(document["customerNo"]).casefold()
        if customer in map(str.casefold, self.settings.failing_customers):
            return "Customer cannot be billed"
        if self.settings.is_unknown(customer):
            return "Customer does not exist"
        if number in map(str.casefold, self.settings.failing_documents):
            return "Document is not valid"
        if taken and self.settings.duplicates == "reject":
            return "Document number already exists"
        return None

    def _bill(self, position: int, payload: DocumentJson, where: tuple[str, str, datetime]) -> Outcome:
        client_no, batch_uuid, created_at = where
        document = Document(
            uuid=self.new_uuid(),
            client_no=client_no,
            document_no=_text(payload, "documentNo") or self._next_number(client_no),
            sales_order_id=_text(payload, "salesOrderId"),
            customer_no=str(payload["customerNo"]),
            batch_uuid=batch_uuid,
            payload=payload,
            created_at=created_at,
        )
        self.documents.append(document)
        self._numbered[client_no, document.document_no.casefold()].append(document)
        return Outcome(position, document.document_no, document.sales_order_id, "created", "Document created")

    def _next_number(self, client_no: str) -> str:
        return next(str(number) for number in self._series if (client_no, str(number)) not in self._numbered)


def documents_of(payload: Mapping[str, object]) -> list[DocumentJson]:
    """The documents of a batch's payload: [] when there is no array of objects."""
    documents = payload.get("documents")
    if not isinstance(documents, list) or not all(isinstance(document, dict) for document in documents):
        return []
    return documents


def _failed(position: int, document: DocumentJson, problem: str) -> Outcome:
    return Outcome(position, _text(document, "documentNo"), _text(document, "salesOrderId"), "failed", problem)


def _rejected(position: int, document: DocumentJson, problem: str | None) -> Outcome:
    if problem:
        return _failed(position, document, problem)
    order, number = _text(document, "salesOrderId"), _text(document, "documentNo")
    return Outcome(position, number, order, "batch-rejected", "Another document of the batch failed")


def _text(document: DocumentJson, name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and value else None
