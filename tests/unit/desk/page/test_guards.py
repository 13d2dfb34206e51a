from signal import SIGINT
from threading import Event

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from uvicorn import Config

from desk.page.guards import HEADERS, Guards
from desk.page.opening import Opening
from desk.page.server import EndingServer, has_browser, listening
from desk.problems import Problem

ORIGIN = "http://127.0.0.1:8123"
TOKEN = "t" * 43

#: What a browser says of a link that somebody follows from another place, such as a file.
NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    await PlainTextResponse(f"inside {request.url.path.removeprefix(scope['root_path'])}")(scope, receive, send)


@pytest.fixture
def browser() -> TestClient:
    guards = Guards(inside, origin=ORIGIN, token=TOKEN)
    return TestClient(guards, base_url=ORIGIN, follow_redirects=False)


def test_the_address_leads_in(browser: TestClient) -> None:
    answer = browser.get(f"/{TOKEN}/batches/held", headers={"Sec-Fetch-Site": "none"})

    assert (answer.status_code, answer.text) == (200, "inside /batches/held")


@pytest.mark.parametrize("path", ["/", "/x/", f"/{TOKEN}x/", f"/x/{TOKEN}/", f"//{TOKEN}/", "/open/x"])
def test_every_other_path_leads_nowhere(path: str, browser: TestClient) -> None:
    assert browser.get(ORIGIN + path).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:8124", "localhost:8123", "127.0.0.1:8123.evil.example", ""]
)
def test_another_name_of_this_machine_is_refused(host: str, browser: TestClient) -> None:
    assert browser.get(f"/{TOKEN}/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("GET", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("GET", {"Sec-Fetch-Site": "same-site"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", {"Origin": "http://127.0.0.1:9"}, 403),
        ("GET", NAVIGATION, 200),
        ("GET", NAVIGATION | {"Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", NAVIGATION | {"Origin": "http://evil.example"}, 403),
        ("POST", NAVIGATION, 403),
        ("POST", {}, 403),
        ("POST", {"Origin": ORIGIN}, 200),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Sec-Fetch-Site": "none"}, 403),
        ("POST", {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Origin": "https://127.0.0.1:8123", "Sec-Fetch-Site": "same-origin"}, 403),
        ("PUT", {}, 403),
    ],
)
def test_only_the_page_itself_may_change_anything(
    method: str, headers: dict[str, str], status: int, browser: TestClient
) -> None:
    assert browser.request(method, f"/{TOKEN}/", headers=headers).status_code == status


@pytest.mark.parametrize("path", [f"/{TOKEN}/health", f"/{TOKEN}", "/x/"])
def test_another_place_leads_to_the_start_alone(path: str, browser: TestClient) -> None:
    assert browser.get(path, headers=NAVIGATION).status_code in (403, 404)
    assert browser.get(f"/{TOKEN}/health", headers=NAVIGATION).status_code == 403


def test_who_arrives_is_announced() -> None:
    arrivals: list[str] = []
    guards = Guards(inside, origin=ORIGIN, token=TOKEN, arrived=lambda: arrivals.append("one"))
    browser = TestClient(guards, base_url=ORIGIN)
    browser.get(f"/{TOKEN}/health")
    browser.get("/x/")
    assert arrivals == []

    browser.get(f"/{TOKEN}/", headers=NAVIGATION)
    assert arrivals == ["one"]


@pytest.mark.parametrize("path", ["/", f"/{TOKEN}/"])
def test_every_answer_forbids_frames_scripts_and_copies(path: str, browser: TestClient) -> None:
    answer = browser.get(path)

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe-inline" not in HEADERS["Content-Security-Policy"]


def test_a_websocket_is_closed(browser: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect(f"/{TOKEN}/"):
        raise AssertionError("it was accepted")


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.2", "localhost", "example.com", "::ffff:127.0.0.1", "::1%1", ""],  # noqa: S104 (refused)
)
def test_it_listens_on_this_machine_alone(host: str) -> None:
    with pytest.raises(Problem, match="this machine alone"):
        listening(host, 0)


def test_a_port_in_use_is_said() -> None:
    with listening("127.0.0.1", 0) as first, pytest.raises(Problem, match="cannot be used"):
        listening("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize(
    ("environment", "platform", "has"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_no_browser_takes_over_the_terminal(environment: dict[str, str], platform: str, *, has: bool) -> None:
    assert has_browser(environment, platform) is has


def test_ctrl_c_is_said_before_the_last_answers_are_given() -> None:
    ending = Event()
    EndingServer(Config(inside), ending, Opening(ORIGIN)).handle_exit(SIGINT, None)

    assert ending.is_set()
