"""`python -m benchmarks.flood`: what requests of strangers cost, measured in the sandbox against an accepted order.

Each kind is sent one after the other, so that the times are those of the work and not of a queue. The sandbox's HTTP
is part of every time; what matters is the difference to a request with nothing to do, the description that is known.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import httpx
from standardwebhooks.webhooks import Webhook

from sandbox.client import start_sandbox
from sandbox.paths import ROOT
from sandbox.ready import Ready

REQUESTS: Final = 100
#: Of another sender: 24 bytes that are no secret of the sandbox.
WRONG: Final = "whsec_" + "A" * 32


def signed(secret: str, body: str) -> dict[str, str]:
    now, name = datetime.now(UTC), f"msg_{uuid4().hex}"
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }


def order() -> str:
    sample = json.loads((ROOT / "events" / "orders" / "minimal.json").read_text())
    name = uuid4().hex
    return json.dumps(sample | {"id": name, "orderId": name, "invoiceNo": name})


def kinds(ready: Ready, http: httpx.Client) -> Iterator[tuple[str, Callable[[], httpx.Response]]]:
    url = ready.webhook_url
    description = url.partition("/v1/")[0] + "/v1/openapi.json"
    unknown = url.replace(f"/{ready.client_no}/", "/999999/")
    large = json.dumps({"message": "x" * 1_000_000})
    known = http.get(description).headers["etag"]

    def post(to: str, secret: str, body: str) -> httpx.Response:
        return http.post(to, content=body, headers=signed(secret, body))

    yield "an order, accepted", lambda: post(url, ready.signing_secret, order())
    yield "without a signature", lambda: http.post(url, content=order())
    yield "without a signature, 1 MB", lambda: http.post(url, content=large)
    yield "a wrong signature", lambda: post(url, WRONG, order())
    yield "a wrong signature, 1 MB", lambda: post(url, WRONG, large)
    yield "an unknown client", lambda: post(unknown, WRONG, order())
    yield "an unknown client, 1 MB", lambda: post(unknown, WRONG, large)
    yield "the description", lambda: http.get(description)
    yield "the description, known", lambda: http.get(description, headers={"if-none-match": known})


def main() -> int:
    print("| request | answer | answer's bytes | median, ms |\n|---|--:|--:|--:|")
    with start_sandbox("--port", "0", on_progress=lambda _: None) as sandbox, httpx.Client(timeout=30) as http:
        for name, send in kinds(sandbox.ready, http):
            answer = send()
            times = []
            for _ in range(REQUESTS):
                begun = time.perf_counter()
                answer = send()
                times.append(1000 * (time.perf_counter() - begun))
            size = int(answer.headers.get("content-length", len(answer.content)))
            print(f"| {name} | {answer.status_code} | {size} | {statistics.median(times):.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
