"""`python plot.py FILE.svg < figures.json`: the plots. Run by the environment that has matplotlib, and nothing else."""

import json
import sys
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "arm-relay"

from matplotlib import pyplot as plt  # noqa: E402 (the backend is chosen before)


def main() -> None:
    """Draw what comes in."""
    figures = json.load(sys.stdin)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    _throughput(left, figures["throughput"], figures["limit"])
    _cost(right, figures["cost"])
    figure.savefig(sys.argv[1], metadata={"Date": None})


def _throughput(axes: Any, samples: dict[str, list[float]], limit: list[list[float]]) -> None:  # noqa: ANN401 (untyped)
    workers = [int(number) for number in samples]
    middles = [sorted(rates)[len(rates) // 2] for rates in samples.values()]
    lowest = [middle - min(rates) for middle, rates in zip(middles, samples.values(), strict=True)]
    highest = [max(rates) - middle for middle, rates in zip(middles, samples.values(), strict=True)]
    axes.errorbar(workers, middles, yerr=[lowest, highest], marker="o", capsize=3, label="measured")
    axes.plot(*zip(*limit, strict=True), linestyle="--", label="limit")
    axes.set(xlabel="batches polled at a time", ylabel="batches finished per second", ylim=(0, None))
    axes.set_title("Poller, ARM taking 50 ms")
    axes.legend()


def _cost(axes: Any, cost: dict[str, float]) -> None:  # noqa: ANN401 (untyped)
    axes.plot([int(number) for number in cost], list(cost.values()), marker="o")
    axes.set(xlabel="orders per request", ylabel="US$ per million orders", xscale="log", ylim=(0, None))
    axes.set_xticks([int(number) for number in cost], list(cost))
    axes.set_title("AWS cost (assumptions: benchmarks/cost.py)")


if __name__ == "__main__":
    main()
