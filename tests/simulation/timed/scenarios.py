"""Situations by name, each with the template's defaults; each function plays one and reports what came of it.

`scale` is the part of the full size that is played: so much of the batches, and so much of the processor.
"""

import json
import re
from pathlib import Path
from typing import Final

from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.store import records
from arm_relay.store.table import RecordTooLarge

from tests.simulation.dynamodb import Item
from tests.simulation.timed import costs
from tests.simulation.timed.arm import Habits, temporary_failure
from tests.simulation.timed.environment import Environment
from tests.simulation.timed.report import Report, report
from tests.simulation.timed.world import HOUR, World, a_document, an_order, default_times

MINUTE: Final = 60.0


def _ended(world: World, until: float) -> Report:
    """The report when every batch rests and is announced, or when the time is over."""
    world.go_until(world.is_over, until)
    found = report(world)
    world.end()
    return found


def settled_and(hours: float) -> float:
    """So many hours after what is sent now has settled."""
    return default_times().settling.total_seconds() + hours * HOUR


def full_batch_in_doubt(look_up: float, *, taken: bool = False) -> Report:
    """As many orders as a request holds in one batch in doubt, and a slow ledger."""
    world = World()
    world.habits.latency["document"] = look_up
    world.history("1")
    world.in_doubt("doubt", orders=MAX_ORDERS, taken=taken)
    return _ended(world, settled_and(1.1))


def full_batch_failed(look_up: float) -> Report:
    """ARM says of a full batch that it failed, and its ledger is slow."""
    world = World()
    world.habits.latency["document"] = look_up
    world.habits.failing = lambda order_id: order_id.startswith("failed")
    world.history("1")
    world.pending("failed", orders=MAX_ORDERS)
    return _ended(world, 1.1 * HOUR)


def rate_limited(hours: float = 80) -> Report:
    """A full batch in doubt, and an ARM that allows twenty requests a second."""
    world = World(Habits(requests_a_second=20))
    world.history("1")
    world.in_doubt("doubt", orders=MAX_ORDERS)
    return _ended(world, hours * HOUR)


def slow_beside_quick(batches: int, runs: int, *, memory: float, slow: bool) -> Report:
    """Batches that need a slow ledger, one in every shard at the head of the queue, beside more than can be done."""
    world = _busy(batches, Habits(), memory)
    world.habits.latency["document"] = 3.0
    for shard in range(records.SHARDS if slow else 0):
        name = next(name for name in map("slow{}".format, range(1000)) if records.shard_of(name) == str(shard))
        world.in_doubt(name, "slow", MAX_ORDERS, at_time=-HOUR, due=-HOUR)
    return _after_runs(world, runs)


def after_outage(full: int, orders: int, scale: float, hours: float = 3) -> Report:
    """Thousands of batches in doubt after an outage of an hour. ARM has none of them."""
    world = World(Habits(down=[(-HOUR, 0.0)]), memory=scale * costs.MEMORY_MB)
    batches = int(full * scale)
    clients = [str(number) for number in range(5)]
    world.history(*clients)
    for number in range(batches):
        begun = -HOUR * (1 - number / batches)
        world.in_doubt(f"b{number}", clients[number % 5], orders, at_time=begun, due=MINUTE + number % 600)
    return _ended(world, settled_and(hours))


def lost_answer(queue: float, *, others: int = 20) -> Report:
    """The answer to one submission that ARM has taken is lost, while its queue takes so many seconds."""
    world = World(Habits(queue=lambda _: queue))
    world.history("1")
    world.in_doubt("lost", taken=True)
    for number in range(others):
        world.pending(f"other{number}", taken_at=float(number))
    return _ended(world, queue + settled_and(9))


def slow_topic(latency: float, batches: int, runs: int = 1) -> tuple[int, int]:
    """The topic takes so many seconds for each request; how many batches have ended, and how many runs were killed."""
    world = World()
    world.topic_latency = latency
    for number in range(batches):
        world.pending(f"b{number}", str(number % 10), taken_at=-MINUTE, ready_at=-1.0, due=0.0)
    world.go(runs * MINUTE - 1)
    world.end()
    return len(world.watched.rested), sum(run.killed for run in world.poller.runs)


def no_ledger_route() -> Report:
    """ARM's route of documents answers 404 to everything."""
    world = World(Habits(has_no_ledger_route=True))
    world.history("1")
    world.in_doubt("doubt")
    return _ended(world, settled_and(6))


def hanging_arm(orders: int = 600) -> Report:
    """ARM takes connections and answers nothing for ten minutes; an order a second, half of them without a number."""
    begin, end = 2 * MINUTE, 12 * MINUTE
    world = World(Habits(hangs=[(begin, end)]))
    world.history("1")
    for number in range(orders):
        order = an_order(f"o{number}", numbered=number % 2 == 0)
        world.hub.at(begin + number * 600 / orders, lambda order=order: world.post("1", [order]))  # type: ignore[misc]
    world.go(end + 30 * MINUTE)
    return _ended(world, end + settled_and(2))


def blocked_client(scale: float, hours: float = 2) -> Report:
    """A client whom ARM refuses has very many batches; another one sends five a minute."""
    world = World(Habits(blocked={"blocked"}), memory=scale * costs.MEMORY_MB)
    blocked = int(70_000 * scale)
    for number in range(blocked):
        world.pending(f"b{number}", "blocked", taken_at=-HOUR, due=-HOUR + number * HOUR / blocked, ready_at=-HOUR)
    for number in range(int(5 * 60 * hours)):
        due = number * 12.0
        world.pending(f"other{number}", "other", taken_at=due - 30, due=due, ready_at=due)
    world.go(hours * HOUR + 2 * MINUTE)
    found = report(world)
    world.end()
    return found


def slow_answers(share: float, batches: int, runs: int, *, memory: float) -> Report:
    """A part of ARM's answers takes ten seconds, beside more than can be done."""
    return _after_runs(_busy(batches, Habits(slow=share), memory), runs)


def _busy(batches: int, habits: Habits, memory: float) -> World:
    """Very many batches of ten clients that ARM has worked off."""
    world = World(habits, memory=memory)
    for number in range(batches):
        world.pending(f"quick{number}", str(number % 10), taken_at=-120.0, due=-1.0, ready_at=-60.0)
    return world


def _after_runs(world: World, runs: int) -> Report:
    world.go(runs * MINUTE - 1)
    found = report(world)
    world.end()
    return found


def poll_that_raises(hold_after: float) -> Report:
    """A batch whose poll raises what nobody expects, every time, beside others."""
    world = World(times=default_times(hold_after=hold_after))

    def trap(_: Environment) -> None:
        raise ValueError("nobody expects this")

    world.habits.traps[world.pending("poison")] = trap
    for number in range(20):
        world.pending(f"other{number}", ready_at=30.0)
    return _ended(world, hold_after + HOUR)


def batch_that_kills() -> Report:
    """A batch that ends the environment which polls it, beside others."""
    world = World()
    world.habits.traps[world.pending("poison", due=1.0)] = Environment.die
    for number in range(50):
        world.pending(f"other{number}", str(number % 5), ready_at=30.0)
    return _ended(world, 2 * HOUR)


def stopped_poller(hours: float = 80) -> Report:
    """No poller runs for days. Meanwhile ARM has worked off what it has, and would take the rest."""
    world = World()
    world.history("1")
    world.go(5 * MINUTE)
    for number in range(20):
        world.pending(f"b{number}", taken_at=5 * MINUTE)
    world.in_doubt("arrived", at_time=5 * MINUTE, taken=True)
    world.in_doubt("lost", at_time=5 * MINUTE)
    world.queued("queued", at_time=5 * MINUTE)
    world.is_stopped = True
    world.go(hours * HOUR)
    world.is_stopped = False
    return _ended(world, hours * HOUR + settled_and(2))


def temporary_failures(
    queue: float, *, numbered: bool, outage: tuple[float, float] | None = None, unnoticed: bool = False
) -> Report:
    """Until its queue has come to a batch, ARM answers FAILED to the question about it.

    Its queue stands still in an outage, which the poller does not notice where it is stopped, too. Times in seconds.
    """
    world = World(Habits(queue=lambda _: queue, waiting=temporary_failure(), down=[outage] if outage else []))
    for time in outage or () if unnoticed else ():
        world.hub.at(time, lambda: setattr(world, "is_stopped", not world.is_stopped))
    world.history("1")
    world.pending("waits", orders=3, numbered=numbered)
    return _ended(world, settled_and(2))


def killed_after_a_hold() -> tuple[Report, list[list[float]]]:
    """A run is killed after it recorded a hold; and what each later run measured of what is held."""
    world = World()
    world.in_doubt("unnumbered", numbered=False, taken=True)
    world.go(0)
    watch = world.table.watch

    def killing(old: Item | None, new: Item | None) -> None:
        watch(old, new)
        if new and old and new.get("state") == {"S": "HELD"} != old.get("state"):
            world.poller.kill()

    world.table.watch = killing
    world.go_until(world.is_over, settled_and(2))
    killed = len(world.poller.runs)
    world.go(world.hub.time + 10 * MINUTE)
    found = report(world)
    world.end()
    held = [values for run in found.runs[killed:] for name, values in run.measures.items() if "Held" in name]
    return found, held


def largest_requests(batches: int = 40) -> tuple[Report, float]:
    """Batches as large as a valid request can make them; and the most memory that the process has used, in MB.

    It is to be played in a process of its own.
    """
    world = World()
    # All workers have a batch in hand at the same time, each with its documents.
    world.habits.latency = dict.fromkeys(world.habits.latency, 1.0)
    world.habits.failing = lambda order_id: order_id.startswith("large")
    lines = _most_lines(World())
    for number in range(batches):
        _claim_large(world, f"large{number}", lines)
    found = _ended(world, HOUR)
    return found, _most_memory_used()


def _most_memory_used() -> float:
    """The most memory this process has used, in MB.

    Linux keeps the figure of getrusage over fork and exec: it would be that of the tests, where they have used more.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0]) / 1024


def _most_lines(world: World) -> int:
    """How many text lines the largest order has that is accepted."""
    for lines in (1000, 500, 200, 100, 50):
        try:
            _claim_large(world, f"try{lines}", lines)
        except RecordTooLarge:
            continue
        return lines
    raise AssertionError("no request is small enough")


def _claim_large(world: World, batch_id: str, lines: int) -> None:
    text = {"lineType": "TXT", "articleNo": "", "articleName": "", "lineText": ".", "quantity": 0, "unit": "", "net": 0}
    many = [text | {"lineNo": number, "discountPercent": 0, "vatPercent": 0, "vatCode": ""} for number in range(lines)]
    documents = [a_document(f"{batch_id}-{number}") | {"documentLines": many} for number in range(40)]
    payload = json.dumps({"metadata": {"userId": "simulation"}, "documents": documents}).encode()
    world.large(batch_id, documents, payload)
