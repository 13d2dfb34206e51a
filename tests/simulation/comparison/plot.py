"""`python plot.py FILE.svg < figures.json`: the plot. Run by the environment that has matplotlib, and nothing else."""

import json
import sys
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "arm-relay"

from matplotlib import pyplot as plt  # noqa: E402 (the backend is chosen before)

MINUTES = (1, 2, 5, 10, 20, 60, 120)


def main() -> None:
    """Draw what comes in."""
    figures = json.load(sys.stdin)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained", sharey=True)
    _faults(left, figures)
    _times(right, figures)
    left.invert_yaxis()
    figure.savefig(sys.argv[1], metadata={"Date": None})


def _faults(axes: Any, figures: dict[str, dict[str, float]]) -> None:
    places = range(len(figures))
    for name, label, colour, offset in (("twice", "billed twice", "C3", -0.2), ("held", "held", "C7", 0.2)):
        values = [each[name] for each in figures.values()]
        bars = axes.barh([place + offset for place in places], values, height=0.38, color=colour, label=label)
        axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.set_yticks(places, list(figures))
    axes.set(xlabel="of 10,000 orders")
    axes.margins(x=0.12)
    axes.legend(loc="lower right")


def _times(axes: Any, figures: dict[str, dict[str, float]]) -> None:
    places = range(len(figures))
    medians = [each["median"] / 60 for each in figures.values()]
    highest = [each["p99"] / 60 for each in figures.values()]
    axes.hlines(places, medians, highest, color="C7")
    axes.plot(medians, places, "o", color="C0", label="median")
    axes.plot(highest, places, "s", color="C1", label="99 %")
    axes.set(xlabel="minutes from the 202 to the announced end", xscale="log", xlim=(1, 200))
    axes.set_xticks(MINUTES, map(str, MINUTES))
    axes.minorticks_off()
    axes.legend(loc="upper center")


if __name__ == "__main__":
    main()
