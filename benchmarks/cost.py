"""`python -m benchmarks.cost`: what a million orders cost, counted and measured anew, times AWS's list prices.

Counted: requests, capacity units, messages, bytes logged. Measured: the functions' CPU time on this machine. Assumed:
how long ARM takes. What does not depend on the number of orders is listed separately, per month.
"""

import sys
from collections.abc import Mapping
from typing import Final

from benchmarks import capacity, contestants, warm
from benchmarks.capacity import MANY, Life
from benchmarks.contestants import MEMORY
from sandbox.cloud.build import built
from tests.simulation.timed import costs
from tests.support.template import template

#: US dollars as AWS listed them for us-east-1 in 2025, x86, without free tiers: put in those of your region.
API_REQUEST: Final = 1.00e-6
INVOCATION: Final = 0.20e-6
GB_SECOND: Final = 16.6667e-6
WRITE_UNIT: Final = 0.625e-6
READ_UNIT: Final = 0.125e-6
MESSAGE: Final = 0.50e-6
LOGGED_BYTE: Final = 0.50 / 10**9
SCHEDULED: Final = 1.00e-6
#: Per month.
METRIC: Final = 0.30
ALARM: Final = 0.10
DASHBOARD: Final = 3.00
SECRET: Final = 0.40

#: A whole processor is given at this many bytes of memory; below it a share.
WHOLE_PROCESSOR: Final = costs.WHOLE_PROCESSOR_MB * 2**20
#: How long a request waits for ARM, in seconds: assumed.
ARM: Final = 0.2
#: The CPU time of a batch in the poller, in seconds: `make bench` measures it.
POLLED: Final = 0.0035

MILLION: Final = 1_000_000
MINUTES: Final = 30 * 24 * 60
#: Metrics that an ordinary month sees, each kind of problem being one more.
METRICS: Final = 20
#: How long a run of the poller takes that finds nothing, in seconds.
EMPTY_RUN: Final = 0.1


def items(life: Life, cpu: float) -> dict[str, float]:
    """US dollars for one request of `life.orders` orders, by what they are paid for; `cpu` in seconds, per order."""
    webhook = _compute(cpu * life.orders, ARM)
    return {
        "API Gateway": API_REQUEST,
        "Lambda, webhook": INVOCATION + webhook,
        # It waits for many batches at once.
        "Lambda, poller": _compute(POLLED, 0),
        # As if each order had a run of its own: at most.
        "DynamoDB, writes": (life.writes + life.writes_of_run) * WRITE_UNIT,
        "DynamoDB, reads": life.reads * READ_UNIT,
        "SNS": MESSAGE,
        "CloudWatch, logs": life.logged * LOGGED_BYTE,
    }


def per_million(lives: Mapping[int, Life], cpu: Mapping[int, float]) -> dict[int, float]:
    """US dollars per million orders, by orders per request; `cpu` is that of an order in the webhook, in seconds."""
    return {orders: sum(items(life, cpu[orders]).values()) * MILLION / orders for orders, life in lives.items()}


def per_month() -> dict[str, float]:
    """US dollars for a month without any order."""
    kinds = [resource["Type"] for resource in template()["Resources"].values()]
    return {
        f"CloudWatch, {METRICS} metrics": METRICS * METRIC,
        f"CloudWatch, {kinds.count('AWS::CloudWatch::Alarm')} alarms": kinds.count("AWS::CloudWatch::Alarm") * ALARM,
        "CloudWatch, dashboard": kinds.count("AWS::CloudWatch::Dashboard") * DASHBOARD,
        "Secrets Manager": SECRET,
        "Lambda and schedule, a run a minute": MINUTES * (SCHEDULED + INVOCATION + _compute(0, EMPTY_RUN)),
        "DynamoDB, 16 queries a minute": MINUTES * 16 * 0.5 * READ_UNIT,
    }


def _compute(cpu: float, waiting: float) -> float:
    seconds = cpu * WHOLE_PROCESSOR / MEMORY + waiting
    return seconds * MEMORY / 2**30 * GB_SECOND


def main() -> int:
    """Count, measure, and print both sums."""
    with built():
        contestants.prepare()
        lives = {life.orders: life for life in capacity.lives()}
        cpu = warm.cpu_by_orders((1, MANY), 5)
    columns = {orders: items(life, cpu[orders]) for orders, life in lives.items()}
    print("| US$ per million orders | one in a request | 40 in a request |\n|---|--:|--:|")
    for name in columns[1]:
        print(f"| {name} | " + " | ".join(f"{item[name] * MILLION / n:.2f}" for n, item in columns.items()) + " |")
    print("| **together** | " + " | ".join(f"**{each:.2f}**" for each in per_million(lives, cpu).values()) + " |")
    print("\n| US$ per month | |\n|---|--:|")
    for name, dollars in per_month().items():
        print(f"| {name} | {dollars:.2f} |")
    print(f"| **together** | **{sum(per_month().values()):.2f}** |")
    print("\n| counted and measured, per request | one order | 40 orders |\n|---|--:|--:|")
    for what, figures in _counted(lives, cpu).items():
        print(f"| {what} | {' | '.join(figures)} |")
    return 0


def _counted(lives: Mapping[int, Life], cpu: Mapping[int, float]) -> dict[str, list[str]]:
    return {
        "write units": [f"{life.writes:g}" for life in lives.values()],
        "write units of the poller's run": [f"{life.writes_of_run:g}" for life in lives.values()],
        "read units": [f"{life.reads:g}" for life in lives.values()],
        "calls to DynamoDB": [str(sum(life.calls.values())) for life in lives.values()],
        "bytes logged": [str(life.logged) for life in lives.values()],
        "CPU time of the webhook (ms)": [f"{1000 * cpu[orders] * orders:.1f}" for orders in lives],
    }


if __name__ == "__main__":
    sys.exit(main())
