"""`python -m sandbox send FILE...`: order events from files, signed and posted to any relay."""

import argparse
import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from sandbox.errors import SandboxError
from sandbox.options import name_and_value
from sandbox.paths import READY_FILE
from sandbox.ready import Ready
from sandbox.signatures import signature

URL_VARIABLE: Final = "ARM_RELAY_WEBHOOK_URL"
SECRET_VARIABLE: Final = "ARM_RELAY_SIGNING_SECRET"  # noqa: S105 (the name, not the secret)

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where requests go, and what signs them."""

    url: httpx.URL
    signing_secret: str

    def of_previews(self) -> "Destination":
        """Where requests go to be previewed."""
        return replace(self, url=self.url.copy_with(path=self.url.path.rstrip("/") + "/preview"))


def main(arguments: Sequence[str]) -> int:
    """Send each file, show each answer; 0 only if all were 2xx."""
    given = _parser().parse_args(arguments)
    try:
        to = destination(given.url, given.secret, given.ready, os.environ)
        to = to.of_previews() if given.preview else to
        # All are read before the first is sent.
        bodies = [(file, _body(file)) for file in given.files]
        answers = [_shown(file, to, body, given.query) for file, body in bodies]
    except SandboxError as error:
        print(f"send: {error}", file=sys.stderr)
        return 1
    return 0 if all(answer.is_success for answer in answers) else 1


def send(url: str, signing_secret: str, body: str) -> httpx.Response:
    """POST one request body, signed by Standard Webhooks."""
    now = datetime.now(UTC)
    message_id = f"msg_{uuid.uuid4()}"
    headers = {"content-type": "application/json", **signature(signing_secret, message_id, now, body)}
    return httpx.post(url, content=body.encode(), headers=headers, timeout=30)


def destination(
    url: str | None, secret: str | None, ready_file: Path | None, environment: Mapping[str, str]
) -> Destination:
    """What was given, otherwise the environment; if neither names anything, the sandbox that runs here.

    A ready file that is named comes before the environment, so that no secret signs for a URL it does not belong to.

    Raises:
        SandboxError: one or both are missing, or malformed.
    """
    if ready_file is None:
        url, secret = url or environment.get(URL_VARIABLE), secret or environment.get(SECRET_VARIABLE)
    if ready_file or not (url or secret):
        ready = Ready.left(ready_file or READY_FILE, f"or set {URL_VARIABLE} and {SECRET_VARIABLE}")
        url, secret = url or ready.webhook_url, secret or ready.signing_secret
    if not url:
        raise SandboxError(f"no URL to send to: set {URL_VARIABLE} or give --url")
    if not secret:
        raise SandboxError(f"no signing secret: set {SECRET_VARIABLE}")
    return Destination(url=_url(url), signing_secret=_secret(secret))


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise SandboxError(f"{text!r} is not an HTTP URL")
    return url


def _secret(text: str) -> str:
    try:
        Webhook(text)
    except (ValueError, EmptyWebhookSecretError):
        raise SandboxError("this is not a signing secret: it should be whsec_ followed by base64") from None
    return text


def _body(file: str) -> str:
    try:
        body = (sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()).decode()
        json.loads(body)
    except OSError as error:
        raise SandboxError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise SandboxError(f"{file} is not JSON: {error}") from None
    return body


def _shown(file: str, to: Destination, body: str, query: Sequence[tuple[str, str]]) -> httpx.Response:
    try:
        answer = send(str(to.url.copy_merge_params(urlencode(query))), to.signing_secret, body)
    except httpx.RequestError as error:
        raise SandboxError(f"{file}: no answer from {to.url}: {error}") from None
    print(f"{file}: {answer.status_code} {answer.reason_phrase}", *readable(answer.text), sep="\n", flush=True)
    return answer


def readable(answer: str) -> Iterator[str]:
    """An answer in lines: first what it says as a whole, then a line for each order or error that it lists."""
    try:
        content = json.loads(answer)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        yield answer
        return
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    yield _json({name: value for name, value in content.items() if name not in lists})
    for name, entries in lists.items():
        yield from (f"   {name}[{index}]: {_json(entry)}" for index, entry in enumerate(entries))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox send",
        description="Sign order events and post them. Prints every answer; the exit code is 0 only if all were 2xx.",
        epilog="Example: python -m sandbox send events/orders/minimal.json. "
        f"The URL and the signing secret come from the environment ({URL_VARIABLE}, {SECRET_VARIABLE}); "
        "where neither is set, from the sandbox that `make sandbox` runs.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="one request body each, as JSON; - is standard input")
    parser.add_argument("--url", help=f"the client's orders URL, instead of {URL_VARIABLE}")
    parser.add_argument(
        "--secret", help=f"the signing secret, instead of {SECRET_VARIABLE}; others on this machine may see it"
    )
    parser.add_argument("--preview", action="store_true", help="show what the orders would become, and send nothing")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="a sandbox's ready line, instead of the environment")
    parser.add_argument(
        "--query",
        type=name_and_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="add a query parameter, such as onInvalid=accept-valid; may be repeated",
    )
    return parser
