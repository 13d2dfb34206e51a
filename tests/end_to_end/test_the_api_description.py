"""The running sandbox is asked everything its OpenAPI document allows and forbids, and has to answer as it says."""

import html
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from standardwebhooks.webhooks import Webhook

from sandbox.client import Sandbox, start_sandbox
from sandbox.gateway.sigv4 import signature
from sandbox.paths import SWAGGER_UI
from sandbox.ready import Ready
from tools.openapi import OPENAPI

pytestmark = pytest.mark.xdist_group("api description")

DOCUMENT: Final = json.loads(OPENAPI.read_text())

#: `make nightly` asks for many examples of each operation, and for thousands of requests that break each rule of it.
EXAMPLES: Final = os.environ.get("EXAMPLES")
DESCRIBED: Final = schemathesis.openapi.from_dict(
    DOCUMENT, config=schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": EXAMPLES is not None}}})
)

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")

#: Every run is the same one.
FUZZ: Final = settings(
    max_examples=int(EXAMPLES or 10),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox("--port", "0", "--poll-every", "1") as running:
        yield running


def senders_url(ready: Ready) -> str:
    return ready.webhook_url.partition("/v1/")[0]


def is_authorised_by(scheme: str, case: Any) -> bool:  # noqa: ANN401 (schemathesis' own)
    """Whether the operation's requests are signed so."""
    operation = DOCUMENT["paths"][case.operation.path][case.operation.method.lower()]
    return bool(operation["security"] == [{scheme: []}])


def sent(ready: Ready, case: Any) -> requests.Response:  # noqa: ANN401 (schemathesis' own)
    """The answer to a request of schemathesis', for the client there is and signed as its operation asks."""
    if "clientNo" in case.path_parameters:
        case.path_parameters["clientNo"] = ready.client_no
    url = ready.operators_url if is_authorised_by("iam", case) else senders_url(ready)
    request = requests.Request(**case.as_transport_kwargs(base_url=url)).prepare()
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    assert isinstance(body, bytes)
    request.headers.update(signed(ready, request, body, by_sender=is_authorised_by("standardWebhooks", case)))
    with requests.Session() as session:
        session.trust_env = False
        return session.send(request, timeout=40, allow_redirects=False)


def signed(ready: Ready, request: requests.PreparedRequest, body: bytes, *, by_sender: bool) -> dict[str, str]:
    if by_sender:
        now = datetime.now(UTC)
        text = body.decode(errors="replace")  # What is not UTF-8 is not signed as it should be.
        return {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(ready.signing_secret).sign("msg_1", now, text),
        }
    return signature(str(request.method), str(request.url), body)


@DESCRIBED.parametrize()
@FUZZ
def test_every_answer_is_as_described(case: Any, sandbox: Sandbox) -> None:  # noqa: ANN401 (schemathesis' own)
    response = sent(sandbox.ready, case)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.validate_response(response, checks=CHECKS)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH")
@pytest.mark.skipif(not SWAGGER_UI.exists(), reason="Swagger UI is not installed: there is no npm on the PATH")
def test_the_sandbox_shows_the_document_as_a_page(sandbox: Sandbox, tmp_path: Path) -> None:
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom", senders_url(sandbox.ready)]

    page = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603 (a browser of the machine)

    summaries = [operation["summary"] for _, operation in operations()]
    assert [summary for summary in summaries if html.escape(summary, quote=False) not in page] == []


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in DOCUMENT["paths"].values():
        yield from ((method, operation) for method, operation in methods.items() if "responses" in operation)


def test_the_stack_serves_the_document_to_everybody(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{senders_url(sandbox.ready)}/v1/openapi.json", timeout=60)

    assert (answer.status_code, answer.json()) == (200, DOCUMENT)
