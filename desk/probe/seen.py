"""What the probe saw. Pure."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer of ARM's, redacted."""

    #: What was asked, such as "GET batches/{batchuuid}".
    asked: str
    code: int
    body: str
    #: How long it took, and when it came: seconds since the batch was sent, or since the call began.
    took: float
    after: float = 0.0

    @property
    def kind(self) -> str:
        """How the name of its file ends."""
        try:
            json.loads(self.body)
        except (ValueError, RecursionError):
            return "txt"
        return "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step of the probe found."""

    step: str
    #: `done`, `declined`, or `sending` where it was interrupted while something was sent.
    state: str
    answers: tuple[Seen, ...] = ()
    #: The numbers of the documents that were sent; None for a document without one.
    numbers: tuple[str | None, ...] = ()
    batch_uuid: str | None = None
    #: Whether ARM's ledger had each document in the end; None where it cannot be asked.
    created: tuple[bool | None, ...] = ()
    #: Seconds until the ledger showed the first document.
    visible_after: float | None = None

    @property
    def results(self) -> list[Seen]:
        """The answers about the batch's result."""
        return [seen for seen in self.answers if seen.asked == RESULT]

    @property
    def files(self) -> list[tuple[str, Seen]]:
        """The answers, each with the file in which its body is kept."""
        return [(f"answers/{self.step}-{place}.{seen.kind}", seen) for place, seen in enumerate(self.answers, start=1)]

    def as_json(self) -> dict[str, Any]:
        """For the folder."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read it back."""
        lists = {name: tuple(values[name]) for name in ("numbers", "created")}
        return cls(**values | lists | {"answers": tuple(Seen(**seen) for seen in values["answers"])})


@dataclass(slots=True)
class Findings:
    """All of them, by step."""

    #: What begins the numbers of this probe's documents, so that no two probes share one.
    run: str
    host: str
    by_step: dict[str, Finding] = field(default_factory=dict)


TOKEN = "POST token"  # noqa: S105 (no password)
SUBMIT = "POST documents/batches"
RESULT = "GET batches/{batchuuid}"
DOCUMENT = "GET documents/{documentno}"
