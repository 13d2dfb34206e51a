"""docs/sandbox.md, command by command."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.client import start_sandbox
from sandbox.paths import ROOT
from sandbox.ready import Ready
from tests.support.doc_examples import DOCS, example, examples

pytestmark = [
    pytest.mark.xdist_group("sandbox"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on the PATH"),
]

PAGE: Final = "sandbox.md"
#: What the commands use of the clone.
USED: Final = (".venv", ".tools", "Makefile", "events", "sandbox", "template.yaml", "pyproject.toml", "uv.lock")


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    """A sandbox with the options that the page gives."""
    start, *_ = examples(PAGE, "sh")
    (options,) = re.findall(r'SANDBOX="(.*)"', start)
    with start_sandbox("--port", "0", *options.split()) as running:
        yield running.ready


@pytest.fixture
def clone(ready: Ready, tmp_path: Path) -> Path:
    for name in USED:
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".aws-sam").mkdir()
    (tmp_path / ".aws-sam" / "ready.json").write_text(ready.to_json())
    return tmp_path


def run(script: str, clone: Path) -> str:
    """What the commands print, after those that the page begins with."""
    ended = subprocess.run(  # noqa: S603 (the documentation's commands)
        ["bash", "-c", f"{preamble()}\n{script}"],  # noqa: S607 (bash)
        cwd=clone,
        # What make gives to this test is not for the make that it runs.
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "ARM_RELAY"))},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stdout


def preamble() -> str:
    return example(PAGE, "sh", "ready()").replace('curl --silent --show-error "$control/"\n', "")


def published(printed: str) -> list[tuple[str, list[str]]]:
    """The type of each notification that `make results` showed, and the orders in it."""
    events: list[dict[str, Any]] = [json.loads(line) for line in printed.splitlines() if '"specversion"' in line]
    return [(event["type"], [order["id"] for order in event["data"]["orders"]]) for event in events]


def test_every_field_of_the_ready_line_is_explained(ready: Ready) -> None:
    explained = re.findall(r"^\| `(\w+)` \|", (DOCS / PAGE).read_text(), re.MULTILINE)

    assert explained == list(json.loads(ready.to_json()))
    assert len(explained) == len(fields(Ready))


def test_the_control_lists_what_it_can_do(clone: Path) -> None:
    listed = json.loads(run('curl --silent --show-error "$control/"', clone))

    assert {"GET /ledger", "POST /faults", "DELETE /faults", "PATCH /settings"} <= set(listed["message"].split("; "))
    assert {"refuse", "status", "drop-before"} <= set(listed["faults"])
    assert "failing_customers" in listed["settings"]


@pytest.mark.parametrize(
    ("order", "status", "end"),
    [
        ("evt-outage", 202, "succeeded"),
        ("evt-refused", 422, "refused"),
        ("evt-failed", 202, "failed"),
        ("evt-held", 202, "held"),
    ],
)
def test_a_failure_of_arm_is_practised(order: str, status: int, end: str, clone: Path) -> None:
    printed = run(example(PAGE, "sh", order), clone)

    assert f"order.json: {status} " in printed
    assert published(printed) == [(f"arm-relay.batch.{end}", [order])]


def test_a_failure_of_the_relay_is_practised(clone: Path) -> None:
    (clone / "unavailable.py").write_text(example(PAGE, "python", "practise-a-failure"))

    printed = run(example(PAGE, "sh", "evt-unavailable"), clone)

    assert re.findall(r"^order.json: (\d+)", printed, re.MULTILINE) == ["503", "202"]
    assert published(printed) == [("arm-relay.batch.succeeded", ["evt-unavailable"])]


def test_an_operator_is_answered(clone: Path) -> None:
    shown = run(example(PAGE, "sh", "relay held"), clone)

    assert re.search(r"^\d+ held batch(es)? with \d+ orders?\.$", shown, re.MULTILINE)


def test_a_queue_of_ones_own_gets_what_its_filter_lets_through(clone: Path) -> None:
    (clone / "subscribe.py").write_text(example(PAGE, "python", "sns.subscribe"))
    (clone / "read.py").write_text(example(PAGE, "python", "get_queue_url"))
    variables = example(PAGE, "sh", "export AWS_ENDPOINT_URL")

    subscribed = run(f"{sys.executable} subscribe.py", clone)
    good = "order evt-good && make send ORDERS=order.json && make results\n"
    bad = example(PAGE, "sh", "evt-refused").replace("evt-refused", "evt-bad")
    printed = run(f"{good}{bad}{variables}\n{sys.executable} read.py > read.txt", clone)

    assert subscribed.endswith("/my-results\n")
    assert [end for end, _ in published(printed)] == ["arm-relay.batch.succeeded", "arm-relay.batch.refused"]
    assert published((clone / "read.txt").read_text()) == [("arm-relay.batch.refused", ["evt-bad"])]
