"""What the sandbox's gateway shows besides the deployed API: the API's description as a page that can try it out."""

from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from sandbox.gateway.messages import Request, Response
from sandbox.gateway.upstream import Upstream
from sandbox.paths import SWAGGER_UI

#: The files of Swagger UI that the page needs, by their paths, with their media types.
FILES: Final = {
    "/_swagger-ui/swagger-ui.css": "text/css",
    "/_swagger-ui/swagger-ui-bundle.js": "text/javascript",
}

#: The deployed API serves its own description there.
DESCRIPTION: Final = "/v1/openapi.json"

#: Draws the description, and has requests signed by `signing`.
SCRIPT: Final = "/_sandbox/page.js"
SCRIPT_FILE: Final = Path(__file__).parent / "page.js"

#: The page; @ stands for the sample client's number.
PAGE: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ARM Relay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/_swagger-ui/swagger-ui.css">
<div id="description"></div>
<script src="/_swagger-ui/swagger-ui-bundle.js"></script>
<script src="{SCRIPT}" data-description="{DESCRIPTION}" data-client-no="@" defer></script>
</html>
"""

PAGE_WITHOUT_SWAGGER_UI: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ARM Relay</title>
<link rel="icon" href="data:,">
<p>This page would show the description of the API, but Swagger UI, the program that draws it, is not installed.</p>
<p>The description itself is here, as OpenAPI: <a href="{DESCRIPTION}">{DESCRIPTION}</a>.</p>
<p>To get the page, install npm and run <code>make sandbox</code> again with a way to the npm registry.</p>
</html>
"""


def address_of_description(gateway_url: str, swagger_ui: Path = SWAGGER_UI) -> str:
    """Where a person reads the description: the page if Swagger UI is installed, otherwise the JSON."""
    return f"{gateway_url}/" if swagger_ui.exists() else f"{gateway_url}{DESCRIPTION}"


class Signer(Protocol):
    """Answers the page's requests for signatures."""

    @property
    def client_no(self) -> str:
        """The number of the sample client."""

    def call(self, request: Request) -> Response | None:
        """The answer; None if the request is not for this."""


class WithPages:
    """An API with the page and its files around it."""

    def __init__(self, api: Upstream, signing: Signer, swagger_ui: Path = SWAGGER_UI) -> None:
        self._api = api
        self._signing = signing
        self._swagger_ui = swagger_ui

    def call(self, request: Request) -> Response:
        """The page at `/` and its files; for everything else, the API's answer."""
        path = urlsplit(request.target).path
        if request.method == "GET" and path == "/":
            return _shown("text/html; charset=utf-8", self._page().encode())
        if request.method == "GET" and path == SCRIPT:
            return _shown("text/javascript", SCRIPT_FILE.read_bytes())
        file = self._swagger_ui / path.rpartition("/")[2]
        if request.method == "GET" and path in FILES and file.exists():
            return _shown(FILES[path], file.read_bytes())
        return self._signing.call(request) or self._api.call(request)

    def _page(self) -> str:
        page = PAGE.replace("@", self._signing.client_no)
        return page if self._swagger_ui.exists() else PAGE_WITHOUT_SWAGGER_UI


def _shown(media_type: str, body: bytes) -> Response:
    return Response(status=HTTPStatus.OK, headers=[("Content-Type", media_type)], body=body)
