"""The documented sender with retries, unchanged, on a relay that fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.doc_examples import example
from tests.support.fake_relay import NO_ANSWER, SECRET, FakeRelay, fake_relay


def sent(relay: FakeRelay, folder: Path) -> str:
    """What it prints."""
    (folder / "order.json").write_bytes(b'{"id": "evt-1"}')
    variables = {"ARM_RELAY_WEBHOOK_URL": relay.url, "ARM_RELAY_SIGNING_SECRET": SECRET}
    program = example("sending-orders.md", "python", "import hmac")
    ended = subprocess.run(  # noqa: S603 (the documentation's own program)
        [sys.executable, "-c", program], cwd=folder, env=os.environ | variables, capture_output=True, check=True
    )
    return ended.stdout.decode().strip()


def test_it_sends_the_same_again_signed_anew_until_the_relay_has_it(tmp_path: Path) -> None:
    with fake_relay() as relay:
        relay.answers = [503, NO_ANSWER, 202]
        printed = sent(relay, tmp_path)

    assert printed == '202 {"answered": 202}'
    assert [posted.body for posted in relay.requests] == [b'{"id": "evt-1"}'] * 3
    assert len({posted.headers["webhook-signature"] for posted in relay.requests}) == 3


@pytest.mark.parametrize("status", [200, 401, 409, 422])
def test_it_does_not_repeat_what_would_get_the_same_answer(status: int, tmp_path: Path) -> None:
    with fake_relay() as relay:
        relay.answers = [status]
        printed = sent(relay, tmp_path)

    assert printed == f'{status} {{"answered": {status}}}'
    assert len(relay.requests) == 1


def test_it_waits_as_long_as_the_relay_asks(tmp_path: Path) -> None:
    with fake_relay() as relay:
        relay.answers, relay.retry_after = [503], 3
        sent(relay, tmp_path)

    first, second = (int(posted.headers["webhook-timestamp"]) for posted in relay.requests)
    assert second - first >= 3
