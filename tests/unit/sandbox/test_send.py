import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from sandbox import send
from sandbox.ready import Ready, left_in
from sandbox.send import SECRET_VARIABLE, URL_VARIABLE, readable
from tests.support.fake_relay import SECRET, FakeRelay, fake_relay


@pytest.fixture
def relay() -> Iterator[FakeRelay]:
    with fake_relay() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables, no sandbox."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    monkeypatch.setattr(send, "READY_FILE", tmp_path / "none.json")


@pytest.fixture
def variables(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, relay.url)
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)


def a_file(folder: Path, name: str = "order.json", text: str = '{"id": "evt-1"}') -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def a_ready(url: str) -> Ready:
    return Ready(
        webhook_url=url,
        operators_url="",
        client_no="2218",
        signing_secret=SECRET,
        aws_endpoint_url="",
        table_name="",
        topic_arn="",
        secret_arn="arn:aws:secretsmanager:eu-north-1:000000000000:secret:s",
        webhook_log_group_name="/aws/lambda/webhook",
        results_queue_url="",
        arm_base_url="",
    )


@pytest.mark.usefixtures("variables")
def test_files_are_sent_as_they_are_and_each_answer_is_shown(
    relay: FakeRelay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [a_file(tmp_path, "a.json", '{ "name": "Blåbær" }\r\n'), a_file(tmp_path, "b.json", "[1]")]

    assert send.main(files) == 0

    assert [posted.body for posted in relay.requests] == ['{ "name": "Blåbær" }\r\n'.encode(), b"[1]"]
    shown = capsys.readouterr().out.splitlines()
    assert shown == [f"{files[0]}: 202 Accepted", '{"answered": 202}', f"{files[1]}: 202 Accepted", '{"answered": 202}']


@pytest.mark.usefixtures("variables")
def test_one_answer_that_is_not_2xx_makes_the_exit_code_1_and_the_rest_is_sent_too(
    relay: FakeRelay, tmp_path: Path
) -> None:
    relay.answers = [422, 200]

    assert send.main([a_file(tmp_path)] * 2) == 1
    assert len(relay.requests) == 2


@pytest.mark.usefixtures("variables")
def test_standard_input_is_sent_for_a_hyphen(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b'{"id":1}')))

    assert send.main(["-"]) == 0
    assert relay.requests[0].body == b'{"id":1}'


@pytest.mark.usefixtures("variables")
def test_query_parameters_join_those_of_the_url(relay: FakeRelay, tmp_path: Path) -> None:
    arguments = ["--url", f"{relay.url}?trace=a%20b", "--query", "onInvalid=accept-valid", a_file(tmp_path)]

    assert send.main(arguments) == 0
    assert relay.requests[0].path == "/v1/clients/2218/orders?trace=a+b&onInvalid=accept-valid"


@pytest.mark.usefixtures("variables")
def test_a_preview_goes_to_a_route_of_its_own(relay: FakeRelay, tmp_path: Path) -> None:
    assert send.main(["--preview", "--query", "a=b", a_file(tmp_path)]) == 0

    assert [request.path for request in relay.requests] == [f"{httpx.URL(relay.url).path}/preview?a=b"]


def test_the_command_line_comes_before_the_environment(
    relay: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1/nobody")
    monkeypatch.setenv(SECRET_VARIABLE, "whsec_b3RoZXI=")

    assert send.main(["--url", relay.url, "--secret", SECRET, a_file(tmp_path)]) == 0


def test_where_nothing_is_named_the_running_sandbox_is_meant(
    relay: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "READY_FILE", tmp_path / "ready.json")

    with left_in(tmp_path / "ready.json", a_ready(relay.url)):
        assert send.main([a_file(tmp_path)]) == 0


def test_a_ready_file_that_is_named_comes_before_the_environment(
    relay: FakeRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "whsec_b3RoZXI=")

    with left_in(tmp_path / "mine.json", a_ready(relay.url)):
        assert send.main(["--ready", str(tmp_path / "mine.json"), a_file(tmp_path)]) == 0


def test_the_ready_file_is_its_owners_alone_and_goes_when_the_sandbox_does(tmp_path: Path) -> None:
    file = tmp_path / "state" / "ready.json"

    with left_in(file, a_ready("http://127.0.0.1:8080")):
        assert Ready.from_json(file.read_text()) == a_ready("http://127.0.0.1:8080")
        assert file.stat().st_mode & 0o777 == 0o600

    assert not file.exists()


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that the command ends with."""
    assert send.main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.usefixtures("variables")
def test_a_file_that_is_missing_is_named_and_nothing_is_sent(
    relay: FakeRelay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.json")

    assert complaint([a_file(tmp_path), missing], capsys) == f"send: {missing}: No such file or directory"
    assert relay.requests == []


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("content", [b"<order/>", b"", b'{"name": "\xe5"}'])
def test_a_file_that_is_not_json_is_named(
    content: bytes, relay: FakeRelay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "order.xml"
    file.write_bytes(content)

    assert complaint([str(file)], capsys).startswith(f"send: {file} is not JSON: ")
    assert relay.requests == []


def test_a_relay_that_cannot_be_reached_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/orders"

        line = complaint(["--url", url, "--secret", SECRET, a_file(tmp_path)], capsys)

    assert f"no answer from {url}: " in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--url", "http://127.0.0.1:1/orders"], f"no signing secret: set {SECRET_VARIABLE}"),
        (["--secret", SECRET], f"no URL to send to: set {URL_VARIABLE} or give --url"),
        (["--url", "127.0.0.1/orders", "--secret", SECRET], "'127.0.0.1/orders' is not an HTTP URL"),
        (["--url", "http://127.0.0.1:x", "--secret", SECRET], "'http://127.0.0.1:x' is not an HTTP URL"),
        (["--url", "http://127.0.0.1:1", "--secret", "whsec_a"], "this is not a signing secret"),
        (["--url", "http://127.0.0.1:1", "--secret", "whsec_"], "this is not a signing secret"),
        ([], "none.json; run `make sandbox`"),
    ],
)
def test_what_is_missing_or_wrong_is_reported(
    arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in complaint([*arguments, a_file(tmp_path)], capsys)


@pytest.mark.parametrize("text", ["", "[]", "{", "sandbox: ready"])
def test_a_file_that_is_no_ready_file_is_reported(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = a_file(tmp_path, "ready.json", text)

    assert "does not hold a sandbox's ready line" in complaint(["--ready", ready, a_file(tmp_path)], capsys)


def test_a_secret_is_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "whsec_a" not in complaint(["--url", "http://127.0.0.1:1", "--secret", "whsec_a", a_file(tmp_path)], capsys)


def test_an_answer_about_many_orders_has_a_line_for_each() -> None:
    orders = [{"id": f"evt-{number}", "outcome": "accepted"} for number in range(50)]
    answer = json.dumps({"batchId": "b7c4", "status": "PENDING", "orders": orders})

    first, *others = readable(answer)

    assert first == '{"batchId": "b7c4", "status": "PENDING"}'
    assert others[0] == '   orders[0]: {"id": "evt-0", "outcome": "accepted"}'
    assert len(others) == 50


def test_each_error_of_a_problem_has_a_line() -> None:
    errors = [{"pointer": "/7/lines/0/vatRate", "detail": "bør være et tall"}]

    assert list(readable(json.dumps({"status": 422, "errors": errors}))) == [
        '{"status": 422}',
        '   errors[0]: {"pointer": "/7/lines/0/vatRate", "detail": "bør være et tall"}',
    ]


@pytest.mark.parametrize("answer", ["", "<html>", "[1]", '"text"'])
def test_an_answer_of_another_kind_is_shown_as_it_is(answer: str) -> None:
    assert list(readable(answer)) == [answer]
