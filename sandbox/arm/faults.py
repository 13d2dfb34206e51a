"""What may be made to go wrong, and the queue of what shall."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

#: Where a fault may strike; `any` is every one of the others.
ENDPOINTS: Final = ("token", "submit", "result", "document", "customer", "any")

#: Connection failures before ARM has taken anything.
ABORTS_BEFORE: Final = (
    "refuse",
    "dns",
    "tls",
    "connect-timeout",
    "pool-timeout",
    "write-error",
    "write-timeout",
    "read-timeout-before",
    "drop-before",
)
#: Connection failures after ARM has taken it: the client cannot know.
ABORTS_AFTER: Final = ("drop-after", "read-error-after", "read-timeout-after", "write-error-after")

#: The lies of `token-garbage`: what it puts into an otherwise good answer; None takes the key away.
TOKEN_GARBAGE: Final[Mapping[str, Mapping[str, object]]] = {
    "missing": {"access_token": None},
    "blank": {"access_token": ""},
    "number": {"access_token": 12345},
    "list": {"access_token": ["token"]},
    "expires-missing": {"expires_in": None, "expires_on": None},
    "expires-text": {"expires_in": "an hour", "expires_on": "soon"},
    "expires-numeric-text": {"expires_in": "3600", "expires_on": "1709303600"},
    "expires-negative": {"expires_in": -5, "expires_on": -5},
    "expires-zero": {"expires_in": 0, "expires_on": 0},
    "expires-huge": {"expires_in": 10**30, "expires_on": 10**30},
    "expires-list": {"expires_in": [3600], "expires_on": {}},
    "expires-boolean": {"expires_in": True, "expires_on": True},
}

#: What the other kinds do, see `behaviours`; the parameters each kind takes, with their defaults.
PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    **{kind: {} for kind in ABORTS_BEFORE + ABORTS_AFTER},
    "error-500-before": {},
    "error-500-after": {},
    "status": {"status": 503, "retryAfter": "", "taken": False},
    "slow": {"seconds": 1.0},
    "not-json": {},
    "not-object": {},
    "no-uuid": {},
    "ok-200": {},
    "redirect": {"status": 307, "location": "http://127.0.0.1:9/elsewhere"},
    "huge": {"megabytes": 50},
    "trickle": {"seconds": 1.0, "pieces": 60},
    "bad-encoding": {},
    "token-garbage": {"variant": "missing"},
    "token-expired": {},
}

#: What can be played over real HTTP; the others need `transport`.
HTTP_KINDS: Final = frozenset(PARAMETERS) - {*ABORTS_BEFORE, *ABORTS_AFTER} | {"refuse", "drop-before", "drop-after"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at one endpoint, for the next `times` calls or (None) until it is cleared.

    Raises:
        ValueError: no such endpoint, kind, parameter or number of times.
    """

    endpoint: str
    kind: str
    times: int | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.endpoint not in ENDPOINTS:
            raise ValueError(f"no endpoint {self.endpoint!r}: {', '.join(ENDPOINTS)}")
        if self.kind not in PARAMETERS:
            raise ValueError(f"no kind {self.kind!r}: {', '.join(PARAMETERS)}")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or null")
        for name, value in self.parameters.items():
            _check(self.kind, name, value)

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.text(name))

    def text(self, name: str) -> str:
        """A parameter as text; blank when it is off."""
        value = self.parameters.get(name, PARAMETERS[self.kind][name])
        return "" if value is None or value is False else str(value)


def _check(kind: str, name: str, value: object) -> None:
    default = PARAMETERS[kind].get(name)
    if default is None:
        raise ValueError(f"{kind} has no parameter {name!r}")
    wanted = (int, float) if isinstance(default, float) else (int, str) if name == "retryAfter" else type(default)
    if not isinstance(value, wanted) or isinstance(value, bool) != isinstance(default, bool):
        raise ValueError(f"{name} of {kind} cannot be {value!r}")
    if name == "variant" and value not in TOKEN_GARBAGE:
        raise ValueError(f"no variant {value!r}: {', '.join(TOKEN_GARBAGE)}")


class FaultSource(Protocol):
    """Says what goes wrong with the next call."""

    def take(self, endpoint: str) -> Fault | None:
        """The fault for this call to `endpoint`, which uses it up; None: all goes well."""


class Faults:
    """Faults in the order in which they were added; a call meets the first that fits."""

    def __init__(self, *faults: Fault) -> None:
        self.standing: list[Fault] = list(faults)

    def add(self, fault: Fault) -> None:
        """Switch one more on, behind the others."""
        self.standing.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        self.standing.clear()

    def take(self, endpoint: str) -> Fault | None:
        """See `FaultSource`."""
        for index, fault in enumerate(self.standing):
            if fault.endpoint in (endpoint, "any"):
                self.standing[index : index + 1] = _left(fault)
                return fault
        return None

    def refusing(self) -> bool:
        """Whether connections are refused (over HTTP that is the whole port, until it is cleared)."""
        return any(fault.kind == "refuse" for fault in self.standing)


def _left(fault: Fault) -> list[Fault]:
    if fault.times is None:
        return [fault]
    return [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
