"""From API Gateway's event to its answer: the route, the answer of the route, or the problem it met."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from arm_relay.api.event import Event
from arm_relay.api.problems import Kind, Problem
from arm_relay.observability import Journal, Metric

#: An answer as API Gateway wants it (payload format 2.0).
type Response = dict[str, Any]

#: The largest answer that Lambda returns for a function, in bytes, less some room for what surrounds the body.
LARGEST_ANSWER: Final = 6_000_000


class ProblemFound(Exception):
    """A route answers with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        #: The answer.
        self.problem: Final = problem


@dataclass(frozen=True, slots=True)
class Api:
    """One function's routes, by API Gateway's keys for them, and what their failures mean."""

    routes: Mapping[str, Callable[[Event], Response]]
    problem_of: Callable[[Exception], Problem]

    def answer(self, event: Event, journal: Journal) -> Response:
        """The answer to a request. Every failure has one, and the log has the unexpected ones."""
        journal.count(Metric.REQUESTS)
        try:
            return self.routes.get(event["routeKey"], _unknown_route)(event)
        except Exception as error:  # noqa: BLE001 (every failure has an answer)
            return self._answer_failure(event, error, journal)

    def _answer_failure(self, event: Event, error: Exception, journal: Journal) -> Response:
        problem = error.problem if isinstance(error, ProblemFound) else self.problem_of(error)
        if problem.kind is Kind.INTERNAL_ERROR:
            journal.failed("a request failed")
        elif problem.kind is Kind.UNAVAILABLE:
            journal.transient_error(str(error))
        client_no = (event.get("pathParameters") or {}).get("clientNo")
        journal.rejected(problem.kind.slug, problem.kind.status, client_no)
        retry = {"Retry-After": "5"} if problem.kind is Kind.UNAVAILABLE else {}
        return response(problem.kind.status, "application/problem+json", json.dumps(problem.to_json()), retry)


def json_response(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return response(status, "application/json", json.dumps(body), headers)


def response(status: int, media_type: str, body: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a body that is text already."""
    return {"statusCode": int(status), "headers": {"Content-Type": media_type, **(headers or {})}, "body": body}


def encoded_response(media_type: str, coding: str, body: bytes, headers: Mapping[str, str]) -> Response:
    """An answer of 200 with a body that has this content coding already."""
    encoded = response(HTTPStatus.OK, media_type, base64.b64encode(body).decode(), headers)
    encoded["headers"]["Content-Encoding"] = coding
    return encoded | {"isBase64Encoded": True}


def _unknown_route(_: Event) -> Response:
    raise ProblemFound(Problem(Kind.UNKNOWN_ROUTE, f"{Kind.UNKNOWN_ROUTE.title}."))
