"""What the sandbox's gateway shows besides the deployed API: its description, as a page to browse."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sandbox.gateway.messages import Request, Response
from sandbox.gateway.upstream import Upstream
from sandbox.paths import SWAGGER_UI

#: Of Swagger UI, by the path that shows each.
FILES: Final = {
    "/_swagger-ui/swagger-ui.css": "text/css",
    "/_swagger-ui/swagger-ui-bundle.js": "text/javascript",
}

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ARM Relay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/_swagger-ui/swagger-ui.css">
<div id="description"></div>
<script src="/_swagger-ui/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/v1/openapi.json", dom_id: "#description", validatorUrl: null})</script>
</html>
"""


class WithPages:
    """An API with pages around it."""

    def __init__(self, api: Upstream) -> None:
        self._api = api

    def call(self, request: Request) -> Response:
        """The page at `/` and what it needs; for everything else, the API's answer."""
        path = urlsplit(request.target).path
        if request.method == "GET" and path == "/":
            return _shown("text/html; charset=utf-8", PAGE.encode())
        file = SWAGGER_UI / path.rpartition("/")[2]
        if request.method == "GET" and path in FILES and file.exists():
            return _shown(FILES[path], file.read_bytes())
        return self._api.call(request)


def _shown(media_type: str, body: bytes) -> Response:
    return Response(status=HTTPStatus.OK, headers=[("Content-Type", media_type)], body=body)
