"""Problem details (RFC 9457): every kind of error answer the relay gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from arm_relay.api.event import BodyTooLarge, Forbidden, InvalidQuery
from arm_relay.orders.faults import Fault, Faulty, InvalidOrders
from arm_relay.orders.json_bodies import NotJson
from arm_relay.secrets import SecretUnavailable
from arm_relay.store.table import StoreUnavailable

#: What a sender or an operator can do about a failure of the relay itself.
SEND_AGAIN: Final = "Send the same request again. Anything already recorded will not be processed twice."


class Kind(Enum):
    """The kinds of problem: the last part of its type, the HTTP status, the title."""

    NOT_JSON = ("not-json", 400, "The body is not JSON the relay can read")
    INVALID_DATE = ("invalid-date", 400, "The date is not valid")
    INVALID_QUERY = ("invalid-query", 400, "A query parameter is not valid")
    BAD_SIGNATURE = ("bad-signature", 401, "The request has no valid signature")
    FORBIDDEN = ("forbidden", 403, "The route is for authorised operators")
    UNKNOWN_BATCH = ("unknown-batch", 404, "There is no such batch")
    UNKNOWN_DAY = ("unknown-day", 404, "The day is no longer kept")
    UNKNOWN_ORDER = ("unknown-order", 404, "There is no such order")
    UNKNOWN_REDRIVE = ("unknown-redrive", 404, "There is no such bulk redrive")
    UNKNOWN_ROUTE = ("unknown-route", 404, "There is no such route")
    CONFLICT = ("conflict", 409, "An order with this id or invoice number already exists with different content")
    NOT_RETRIABLE = ("not-retriable", 409, "An order cannot be retried as it is")
    NOT_FORGETTABLE = ("not-forgettable", 409, "The order cannot be forgotten now")
    NOT_REDRIVABLE = ("not-redrivable", 409, "The batch cannot be redriven in this way now")
    NEEDS_CONFIRMATION = ("needs-confirmation", 409, "ARM may have the batch already")
    MORE_BATCHES = ("more-batches", 409, "More batches match than the redrive states")
    TOO_LARGE = ("too-large", 413, "The request is too large")
    NOT_JSON_MEDIA_TYPE = ("not-json-media-type", 415, "The body should be application/json")
    INVALID_ORDER = ("invalid-order", 422, "An order is not valid")
    INVALID_QUESTION = ("invalid-question", 422, "The question is not valid")
    INVALID_FORGET = ("invalid-forget", 422, "The request to forget an order is not valid")
    INVALID_REDRIVE = ("invalid-redrive", 422, "The redrive is not valid")
    REFUSED_BY_ARM = ("refused-by-arm", 422, "ARM refused the batch")
    INTERNAL_ERROR = ("internal-error", 500, "The relay failed to process this request")
    UNAVAILABLE = ("unavailable", 503, "The relay cannot record the request now")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title


@dataclass(frozen=True, slots=True)
class Problem:
    """One error answer."""

    kind: Kind
    #: What is wrong this time, in sentences for a person; never anything personal or secret.
    detail: str
    #: Every fault, each with a JSON Pointer into the request's body.
    faults: Sequence[Fault] = ()
    #: More members, for programs.
    members: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        known = {
            "type": f"urn:arm-relay:problem:{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        faults = [{"pointer": fault.pointer, "detail": fault.detail} for fault in self.faults]
        return known | ({"errors": faults} if faults else {}) | self.members


#: The kind of problem of each expected failure; a function adds its own.
KINDS: Final[Mapping[type[Exception], Kind]] = {
    NotJson: Kind.NOT_JSON,
    InvalidQuery: Kind.INVALID_QUERY,
    Forbidden: Kind.FORBIDDEN,
    BodyTooLarge: Kind.TOO_LARGE,
    InvalidOrders: Kind.INVALID_ORDER,
}


def problem_of(error: Exception, kinds: Mapping[type[Exception], Kind]) -> Problem:
    """The answer to a request that met this failure; `kinds` are those a function adds."""
    if isinstance(error, StoreUnavailable | SecretUnavailable):
        # Its text names our resources, so only the log has it.
        return Problem(Kind.UNAVAILABLE, SEND_AGAIN)
    kind = kinds.get(type(error)) or KINDS.get(type(error))
    if kind is None:
        return Problem(Kind.INTERNAL_ERROR, SEND_AGAIN)
    return Problem(kind, str(error), error.faults if isinstance(error, Faulty) else ())
