from pathlib import Path

import pytest

from sandbox.gateway.messages import Request, Response
from sandbox.gateway.pages import DESCRIPTION, FILES, SCRIPT, WithPages, address_of_description


class NoSigning:
    """The page is another site's: nothing is signed."""

    client_no = "2218"

    def call(self, request: Request) -> Response | None:
        return Response.message(403, "the signature's") if request.target == "/_sandbox/sign" else None


class Api:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.target}")
        return Response.message(200, "the API's")


@pytest.fixture
def swagger_ui(tmp_path: Path) -> Path:
    """As `make sandbox` unpacks it."""
    for path in FILES:
        (tmp_path / path.rpartition("/")[2]).write_text(f"the file of {path}")
    return tmp_path


def ask(swagger_ui: Path, method: str, target: str) -> tuple[Response, list[str]]:
    api = Api()
    request = Request(method=method, target=target, headers={}, body=b"")
    return WithPages(api, NoSigning(), swagger_ui).call(request), api.asked


def test_the_page_names_all_that_it_needs(swagger_ui: Path) -> None:
    page, asked = ask(swagger_ui, "GET", "/")

    assert page.headers == [("Content-Type", "text/html; charset=utf-8")]
    assert all(path in page.body.decode() for path in (*FILES, "/v1/openapi.json"))
    assert asked == []


@pytest.mark.parametrize("path", FILES)
def test_the_pages_files_are_served(path: str, swagger_ui: Path) -> None:
    file, asked = ask(swagger_ui, "GET", path)

    assert (file.body.decode(), asked) == (f"the file of {path}", [])
    assert file.headers == [("Content-Type", FILES[path])]


def test_without_swagger_ui_the_page_says_why_it_is_empty_and_where_the_description_is(tmp_path: Path) -> None:
    page, asked = ask(tmp_path / "none", "GET", "/")
    text = page.body.decode()

    assert (page.status, asked) == (200, [])
    assert "Swagger UI" in text
    assert "is not installed" in text
    assert f'href="{DESCRIPTION}"' in text
    assert not any(path in text for path in FILES)


def test_the_address_that_is_announced_shows_something_either_way(swagger_ui: Path) -> None:
    assert address_of_description("http://127.0.0.1:8080", swagger_ui) == "http://127.0.0.1:8080/"
    assert (
        address_of_description("http://127.0.0.1:8080", swagger_ui / "none") == "http://127.0.0.1:8080/v1/openapi.json"
    )


def test_the_rest_is_the_apis(swagger_ui: Path) -> None:
    for method, target in (("POST", "/"), ("GET", "/v1/openapi.json"), ("GET", "/_swagger-ui/../secret"), ("GET", "")):
        answer, asked = ask(swagger_ui, method, target)

        assert (answer.status, asked) == (200, [f"{method} {target}"])


def test_the_script_of_the_page_is_served_and_signatures_are_asked_for_beside_the_api(swagger_ui: Path) -> None:
    script, _ = ask(swagger_ui, "GET", SCRIPT)
    page, _ = ask(swagger_ui, "GET", "/")
    signed, asked = ask(swagger_ui, "POST", "/_sandbox/sign")

    assert b"requestInterceptor" in script.body
    assert f'src="{SCRIPT}"' in page.body.decode()
    assert 'data-client-no="2218"' in page.body.decode()
    assert (signed.status, asked) == (403, [])
