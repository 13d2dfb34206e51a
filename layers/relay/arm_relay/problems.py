"""Problem details (RFC 9457): every kind of error answer the relay gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from arm_relay.batches import IllegalStep
from arm_relay.door import BodyTooLarge, NotJsonMediaType, UnknownClient
from arm_relay.faults import Fault, InvalidOrders
from arm_relay.inquiries import InvalidCursor, UnknownBatch, UnknownOrder
from arm_relay.intake import TooLarge
from arm_relay.json_bodies import NotJson
from arm_relay.receipts import Conflict
from arm_relay.redrive import InvalidRedrive
from arm_relay.requests import Forbidden, InvalidQuery
from arm_relay.secrets import SecretUnavailable
from arm_relay.signatures import BadSignature
from arm_relay.store import StoreUnavailable


class Kind(Enum):
    """The kinds of problem: the last part of its type, the HTTP status, the title."""

    NOT_JSON = ("not-json", 400, "The body is not JSON the relay can read")
    INVALID_QUERY = ("invalid-query", 400, "A query parameter is not valid")
    BAD_SIGNATURE = ("bad-signature", 401, "The request is not signed as it should be")
    FORBIDDEN = ("forbidden", 403, "The route is for authorised operators")
    UNKNOWN_CLIENT = ("unknown-client", 404, "There is no such client")
    UNKNOWN_BATCH = ("unknown-batch", 404, "There is no such batch")
    UNKNOWN_ORDER = ("unknown-order", 404, "There is no such order")
    UNKNOWN_ROUTE = ("unknown-route", 404, "There is no such route")
    CONFLICT = ("conflict", 409, "An order of this id is under way with other content")
    NOT_REDRIVABLE = ("not-redrivable", 409, "The batch cannot be redriven in this way now")
    TOO_LARGE = ("too-large", 413, "The request is too large")
    NOT_JSON_MEDIA_TYPE = ("not-json-media-type", 415, "The body should be application/json")
    INVALID_ORDER = ("invalid-order", 422, "An order is not valid")
    INVALID_REDRIVE = ("invalid-redrive", 422, "The redrive is not valid")
    REFUSED_BY_ARM = ("refused-by-arm", 422, "ARM refused the batch")
    INTERNAL_ERROR = ("internal-error", 500, "The relay failed on this request")
    UNAVAILABLE = ("unavailable", 503, "The relay cannot record the request now")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title


@dataclass(frozen=True, slots=True)
class Problem:
    """One error answer."""

    kind: Kind
    #: What is wrong this time, for a person; never anything personal or secret.
    detail: str
    #: All faults at once, each with a JSON Pointer into the request's body.
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


#: The kind of problem each foreseen failure is.
KINDS: Final[dict[type[Exception], Kind]] = {
    NotJson: Kind.NOT_JSON,
    InvalidQuery: Kind.INVALID_QUERY,
    InvalidCursor: Kind.INVALID_QUERY,
    Forbidden: Kind.FORBIDDEN,
    BadSignature: Kind.BAD_SIGNATURE,
    UnknownClient: Kind.UNKNOWN_CLIENT,
    UnknownBatch: Kind.UNKNOWN_BATCH,
    UnknownOrder: Kind.UNKNOWN_ORDER,
    Conflict: Kind.CONFLICT,
    IllegalStep: Kind.NOT_REDRIVABLE,
    BodyTooLarge: Kind.TOO_LARGE,
    TooLarge: Kind.TOO_LARGE,
    NotJsonMediaType: Kind.NOT_JSON_MEDIA_TYPE,
    InvalidOrders: Kind.INVALID_ORDER,
    InvalidRedrive: Kind.INVALID_REDRIVE,
}


def problem_of(error: Exception) -> Problem:
    """The answer to a request that met this failure."""
    if isinstance(error, StoreUnavailable | SecretUnavailable):
        # Its text names our resources: the log has it.
        return Problem(Kind.UNAVAILABLE, "send the same request again: what was recorded is not repeated")
    kind = KINDS.get(type(error))
    if kind is None:
        return Problem(Kind.INTERNAL_ERROR, "send the same request again: what was recorded is not repeated")
    faults = error.faults if isinstance(error, InvalidOrders | InvalidRedrive | Conflict) else ()
    members = {"orderIds": error.order_ids} if isinstance(error, Conflict) else {}
    return Problem(kind, str(error), faults, members)
