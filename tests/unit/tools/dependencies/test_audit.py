"""The audit, by uv itself against a service of ours that speaks as OSV does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sandbox.paths import ROOT
from tools.dependencies import audit
from tools.dependencies.audit import Ended

pytestmark = pytest.mark.skipif(not (ROOT / ".tools" / "uv").exists(), reason="uv is not set up")

KNOWN = {
    "id": "OSV-2026-1",
    "summary": "A made-up fault",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }
        for name in ("httpx", "jinja2")
    ],
}


@contextmanager
def a_service(*, knows: frozenset[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            known = [query["package"]["name"] in knows for query in queries]
            found = {"id": KNOWN["id"], "modified": KNOWN["modified"]}
            self._answer({"results": [{"vulns": [found]} if each else {} for each in known]})

        def do_GET(self) -> None:
            self._answer(KNOWN)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def audited(url: str, *, is_required: bool) -> tuple[int, str]:
    return audit.audit(lambda: audit.ask_uv(url), lambda: audit.ask_about_the_canary(url), is_required=is_required)


def test_a_known_vulnerability_fails_and_is_named() -> None:
    with a_service(knows=frozenset({"httpx", "jinja2"})) as url:
        code, text = audited(url, is_required=False)

    assert code == 1
    assert "httpx" in text
    assert "OSV-2026-1" in text


def test_nothing_known_passes_where_the_service_knows_the_canary() -> None:
    ended = Ended(audit.NOTHING, "")
    with a_service(knows=frozenset({"jinja2"})) as url:
        code, text = audit.audit(lambda: ended, lambda: audit.ask_about_the_canary(url), is_required=True)

    assert code == 0
    assert text.endswith("Nothing is known against the locked dependencies.")


@pytest.mark.parametrize("is_required", [True, False])
def test_a_service_that_does_not_know_the_canary_is_no_audit(is_required: bool) -> None:  # noqa: FBT001 (a parameter)
    with a_service(knows=frozenset()) as url:
        code, text = audited(url, is_required=is_required)

    assert code == int(is_required)
    assert "NOT AUDITED" in text
    assert "Nothing is known" not in text


@pytest.mark.parametrize(("is_required", "code", "kind"), [(False, 0, "WARNING"), (True, 1, "ERROR")])
def test_data_out_of_reach_is_said(is_required: bool, code: int, kind: str) -> None:  # noqa: FBT001 (a parameter)
    def fail() -> Ended:
        return Ended(2, "error: Request failed\n")

    ended, text = audit.audit(fail, fail, is_required=is_required)

    assert ended == code
    assert f"{kind}: NOT AUDITED" in text
    assert "Nothing is known" not in text
