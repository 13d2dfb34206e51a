"""What API Gateway does before it calls a function: it finds the route."""

import re
from collections.abc import Mapping
from typing import Any, Final

from functions.operators import app as operators
from functions.webhook import app as webhook

#: The routes of both functions, each with the module that takes it.
ROUTES: Final[Mapping[str, Any]] = {
    **dict.fromkeys(webhook.API.routes, webhook),
    **dict.fromkeys(operators.API.routes, operators),
}


def routed(method: str, path: str) -> dict[str, Any]:
    """The fields of an event (payload format 2.0) that say where a request goes, and which route takes it."""
    for key in ROUTES:
        greedy = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", key)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", greedy)
        if found := re.fullmatch(pattern, f"{method} {path}"):
            return {"routeKey": key, "rawPath": path, "pathParameters": found.groupdict()}
    return {"routeKey": "$default", "rawPath": path}


def function_of(event: Mapping[str, Any]) -> Any:  # noqa: ANN401 (a module)
    """The function's module that API Gateway calls with the event; the webhook's where no route takes it."""
    return ROUTES.get(event["routeKey"], webhook)
