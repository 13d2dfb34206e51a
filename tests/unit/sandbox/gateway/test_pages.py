from sandbox.gateway.messages import Request, Response
from sandbox.gateway.pages import FILES, WithPages


class Api:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.target}")
        return Response.message(200, "the API's")


def ask(method: str, target: str) -> tuple[Response, list[str]]:
    api = Api()
    return WithPages(api).call(Request(method=method, target=target, headers={}, body=b"")), api.asked


def test_the_page_names_all_that_it_needs() -> None:
    page, asked = ask("GET", "/")

    assert page.headers == [("Content-Type", "text/html; charset=utf-8")]
    assert all(path in page.body.decode() for path in (*FILES, "/v1/openapi.json"))
    assert asked == []


def test_the_rest_is_the_apis() -> None:
    for method, target in (("POST", "/"), ("GET", "/v1/openapi.json"), ("GET", "/_swagger-ui/../secret"), ("GET", "")):
        answer, asked = ask(method, target)

        assert (answer.status, asked) == (200, [f"{method} {target}"])
