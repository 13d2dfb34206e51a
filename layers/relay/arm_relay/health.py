"""Whether the relay can do its work: what was checked and what came of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

#: The poller stores what it found under this name.
NAME: Final = "health"

#: Where the runbook has a section for each check.
RUNBOOK: Final = "docs/operations.md#health-"


class Level(StrEnum):
    """How well something is."""

    OK = "ok"
    #: The relay works, and a person should look at it.
    WARNING = "warning"
    #: Something does not work.
    FAULT = "fault"


class Check(StrEnum):
    """What is checked."""

    SECRET = "secret"  # noqa: S105 (no password)
    TOKEN = "token"  # noqa: S105 (no password)
    LEDGER = "ledger"
    TABLE = "table"
    TOPIC = "topic"
    POLLER = "poller"
    PARAMETERS = "parameters"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was found."""

    check: Check
    level: Level
    #: A sentence for a person; nothing secret and nothing personal.
    detail: str

    def to_json(self) -> dict[str, Any]:
        """The line, with its section of the runbook."""
        return {
            "check": self.check.value,
            "status": self.level.value,
            "detail": self.detail,
            "runbook": RUNBOOK + self.check.value,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The line of `to_json`."""
        return cls(Check(value["check"]), Level(value["status"]), value["detail"])


def worst(lines: Iterable[Line]) -> Level:
    """The worst of several lines."""
    order = list(Level)
    return max((line.level for line in lines), key=order.index, default=Level.OK)


def unless(found: list[Line], check: Check, fine: str) -> list[Line]:
    """What was found, or else that all is well."""
    return found or [Line(check, Level.OK, fine)]
