"""An operator at the desk, on the deployed stack: an outage, what it held, and every command that the pages show."""

import io
import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import Template
from typing import Any, Final
from uuid import uuid4

import pytest

from desk.__main__ import main
from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.paths import ROOT
from sandbox.ready import Ready, left_in
from sandbox.send import send
from tests.support.builders import an_order
from tests.support.doc_examples import examples, moved_to_today
from tests.support.waiting import awaited

pytestmark = pytest.mark.xdist_group("sandbox")

#: How many orders come during the outage, each a batch of its own.
ORDERS: Final = 8
#: How long anything may take, in seconds.
PATIENCE: Final = 120.0
CAUSE: Final = "still QUEUED after HoldAfterSeconds"

#: The commands that ask first.
ASKING: Final = frozenset({"release", "retry", "announce", "resubmit", "close", "orders forget", "clients revoke"})
ASKING_TOO: Final = frozenset({"clients rotate", "clients add"})


@dataclass
class World:
    """A sandbox after an outage, and a person at the command line in its folder."""

    ready: Ready
    monkeypatch: pytest.MonkeyPatch
    numbers: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    done: str = ""
    refused: str = ""
    redrive: str = ""

    @property
    def arm(self) -> ArmControl:
        return ArmControl(self.ready.arm_control_url or "")

    def relay(self, *words: str) -> tuple[int, str]:
        """A command's exit code and what it shows."""
        name = " ".join(words[:2]) if words[0] in {"orders", "clients"} else words[0]
        yes = ["--yes"] if name in ASKING | ASKING_TOO else []
        out = io.StringIO()
        sandbox = [] if "--sandbox" in words else ["--sandbox"]
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["relay", *words, *yes, *sandbox])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stdin", io.StringIO())
            with pytest.raises(SystemExit) as ended:
                main()
        return int(ended.value.code or 0), out.getvalue()

    def told(self, *words: str) -> Any:  # noqa: ANN401 (JSON)
        """What a command that must do well tells programs."""
        code, out = self.relay(*words, "--json")
        assert code == 0
        return json.loads(out)

    def order(self, number: str) -> str:
        """Send an order of this number; its batch."""
        order = an_order(id=f"evt-{number}", orderId=f"B-{number}", invoiceNo=f"N{number}")
        answer = send(self.ready.webhook_url, self.ready.signing_secret, json.dumps(order))
        return str(answer.json().get("batchId"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    waits = ["HoldAfterSeconds=15", "LongestPollSeconds=2", "FirstPollSeconds=1", "SettlingSeconds=4"]
    parameters = [argument for wait in waits for argument in ("--parameter", wait)]
    folder = tmp_path_factory.mktemp("desk")
    (folder / "events").symlink_to(ROOT / "events")
    with (
        start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running,
        left_in(folder / ".aws-sam" / "ready.json", running.ready),
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        monkeypatch.chdir(folder)
        found = World(running.ready, monkeypatch)
        sample = (ROOT / "events" / "orders" / "complete.json").read_text()
        found.done = send(found.ready.webhook_url, found.ready.signing_secret, sample).json()["batchId"]
        _outage(found)
        yield found


def _outage(world: World) -> None:
    """Orders come while ARM refuses everything; then it answers again, and refuses one batch."""
    awaited(lambda: world.told("batch", world.done)["status"] == "SUCCEEDED", PATIENCE)
    world.arm.add_fault("any", "refuse")
    world.numbers = [uuid4().hex[:12] for _ in range(ORDERS)]
    for number in world.numbers:
        world.order(number)
    awaited(lambda: world.told("held")["totals"]["batches"] == ORDERS, PATIENCE)
    world.held = [batch["batchId"] for batch in world.told("held")["batches"]]
    world.arm.clear_faults()
    world.arm.add_fault("submit", "status", times=1, status=422)
    world.refused = world.order(uuid4().hex[:12])
    awaited(lambda: world.told("batches", "--state", "failed")["totals"]["batches"] == 1, PATIENCE)


def commands(page: str) -> list[str]:
    """The lines of a page that call `relay`, as a person would type them."""
    lines = [line.strip() for block in examples(page, "sh") for line in block.splitlines()]
    return [line.removeprefix(".venv/bin/") for line in lines if line.removeprefix(".venv/bin/").startswith("relay ")]


def test_what_an_outage_held_is_counted_with_its_sums(world: World) -> None:
    code, shown = world.relay("held")

    assert code == 0
    assert f"{ORDERS} held batches with {ORDERS} orders." in shown
    assert CAUSE in shown
    assert f"ARM certainly has nothing of {ORDERS}" in shown


def test_every_command_of_the_runbook_runs_and_what_was_held_is_billed_once(world: World) -> None:
    batches = {
        "release": world.held[0],
        "close": world.held[1],
        "resubmit": world.held[2],
        "retry": world.refused,
    }
    lines = commands("operations.md")
    assert len(lines) > 15
    shown = {line: _run(world, line, batches) for line in lines}

    # Seven of the eight: one was closed by hand, as one that ARM has.
    wanted = sorted(f"N{number}" for number in world.numbers if f"N{number}" not in _closed(world))
    awaited(lambda: sorted(_billed(world)) == wanted, PATIENCE)
    assert "ARM created the document 88776655." in shown["relay orders show B-0564311"]
    assert f"{ORDERS - 3} batches with {ORDERS - 3} orders." in shown[f'relay release --cause "{CAUSE}" --dry-run']
    assert "claimed,2218,NOK,IN,SUCCEEDED" in world.relay("report", "today", "--csv")[1]
    assert "no longer kept" in world.relay("orders", "show", "B-0564311")[1]


def test_every_command_of_the_other_pages_runs(world: World) -> None:
    lines = [*commands("sandbox.md"), *commands("desk.md")]
    # A sandbox is no stack; and a sender sends before its secret is revoked.
    runnable = sorted((line for line in lines if "--stack" not in line), key=lambda line: "clients" in line)
    assert len(runnable) > 5

    shown = {line: _run(world, line, {}) for line in runnable}

    assert "accepted" in shown["relay send events/orders/minimal.json"]
    assert "arm-relay.batch.succeeded" in shown["relay results --after 2025-02-27T00:00:00Z --json"]
    assert shown["relay clients rotate 2218 --old-ends-in 14"].startswith("whsec_")
    assert "not seen since" not in shown["relay clients list"]


def _run(world: World, line: str, batches: dict[str, str]) -> str:
    name, *words = shlex.split(line)
    assert name == "relay"
    batch = batches.get(words[0], world.done)
    words = [Template(word).substitute(batch=batch, redrive=world.redrive) for word in moved_to_today(words)]
    if "--place" in words:
        # A person is asked; what answers with --yes must name the secret itself.
        place = int(words.pop())
        (listed,) = [each for each in world.told("clients", "list")["clients"] if each["place"] == place]
        words[-1:] = ["--fingerprint", listed["fingerprint"]]
    code, shown = world.relay(*words)
    if words[:2] == ["orders", "forget"] and code:
        # What the runbook has announced once more may still be on its way.
        awaited(lambda: world.relay(*words)[0] == 0, PATIENCE)
        return ""
    # The doctor may have looked last during the outage.
    assert code == 0 or words == ["doctor"], f"{line}: {shown}"
    if shown.startswith("Redrive "):
        world.redrive = shown.split()[1].rstrip(":")
    elif "Redrive " in shown:
        world.redrive = shown.split("Redrive ")[1].split(":")[0]
    return shown


def _closed(world: World) -> set[str]:
    batch = world.told("batch", world.held[1])
    assert batch["status"] == "SUCCEEDED"
    return {order["documentNo"] for order in batch["orders"]}


def _billed(world: World) -> list[str]:
    """The numbers of the outage's documents that ARM has, each as often as it has it."""
    documents = [document for batch in world.arm.ledger()["batches"] for document in batch["payload"]["documents"]]
    numbers = {f"N{number}" for number in world.numbers}
    return [document["documentNo"] for document in documents if document.get("documentNo") in numbers]
