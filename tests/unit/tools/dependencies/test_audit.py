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
            "package": {"ecosystem": "PyPI", "name": "httpx"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }
    ],
}


@contextmanager
def a_service(*, knows_httpx: bool) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            known = [knows_httpx and query["package"]["name"] == "httpx" for query in queries]
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


def test_a_known_vulnerability_fails_and_is_named() -> None:
    with a_service(knows_httpx=True) as url:
        code, text = audit.audit(lambda: audit.ask_uv(url), is_required=False)

    assert code == 1
    assert "httpx" in text
    assert "OSV-2026-1" in text


def test_nothing_known_passes() -> None:
    with a_service(knows_httpx=False) as url:
        code, text = audit.audit(lambda: audit.ask_uv(url), is_required=True)

    assert code == 0
    assert text.endswith("Nothing is known against the locked dependencies.")


@pytest.mark.parametrize(("is_required", "code", "kind"), [(False, 0, "WARNING"), (True, 1, "ERROR")])
def test_data_out_of_reach_is_said(is_required: bool, code: int, kind: str) -> None:  # noqa: FBT001 (a parameter)
    ended, text = audit.audit(lambda: Ended(2, "error: Request failed\n"), is_required=is_required)

    assert ended == code
    assert f"{kind}: not audited" in text
    assert "Nothing is known" not in text
