"""What API Gateway does before it calls the webhook function: it finds the route."""

import re
from typing import Any

from functions.webhook import app


def routed(method: str, path: str) -> dict[str, Any]:
    """The fields of an event (payload format 2.0) that tell where a request wants to go, and which route takes it."""
    for key in app.ROUTES:
        greedy = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", key)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", greedy)
        if found := re.fullmatch(pattern, f"{method} {path}"):
            return {"routeKey": key, "rawPath": path, "pathParameters": found.groupdict()}
    return {"routeKey": "$default", "rawPath": path}
