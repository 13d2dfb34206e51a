"""Memory: the most a function's process has ever held, against what it is given."""

from typing import Final

from benchmarks import tables
from benchmarks.cloud import Cloud
from benchmarks.contestants import MEMORY, POLLER, RELAY
from benchmarks.events import a_preview, an_event
from benchmarks.processes import Function, running
from benchmarks.ratios import Row
from benchmarks.server import Server

AT_MOST: Final = 0.5

#: The most orders a request may have, each of so many times the sample's lines that it is close to the largest body.
ORDERS: Final = 40
LINES: Final = 50

DUE: Final = 10_000
SPELL: Final = 5.0
#: What the poller keeps for the poll begun last.
RESERVE: Final = 25.0


def rows() -> list[Row]:
    """The webhook after requests and previews of the largest kind, the poller at 10,000 due batches."""
    with Server(Cloud()) as cloud, running(RELAY, cloud.url) as webhook:
        event = an_event(ORDERS, LINES)
        peak = _peak(webhook, [event, an_event(ORDERS, LINES)])
        size = len(event["body"]) / 1024
    with Server(Cloud()) as cloud, running(RELAY, cloud.url) as webhook:
        previews = _peak(webhook, [a_preview(ORDERS, LINES), a_preview(ORDERS, LINES)])
    with tables.running() as table:
        table.fill(DUE)
        with Server(Cloud()) as cloud, running(POLLER, cloud.url, AWS_ENDPOINT_URL_DYNAMODB=table.url) as poller:
            pollers = _peak(poller, [{}], RESERVE + SPELL)
    return [
        _row(f"Memory, webhook ({ORDERS} orders, {size:.0f} KiB)", peak),
        _row(f"Memory, webhook (preview of {ORDERS} orders)", previews),
        _row(f"Memory, poller ({DUE} due)", pollers),
    ]


def _peak(function: Function, events: list[dict[str, object]], seconds: float = RESERVE) -> int:
    usage = function.run(events, seconds)
    if not set(usage.statuses) <= {200, 202, None}:
        raise RuntimeError(f"answered {usage.statuses}")
    return usage.peak


def _row(what: str, peak: int) -> Row:
    return Row(
        what=what,
        against="its MemorySize",
        ratios=[peak / MEMORY],
        target=AT_MOST,
        figures=f"{peak / 2**20:.0f} / {MEMORY / 2**20:.0f} MiB",
    )
