"""Ratios of samples taken in turns, and the table they make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

#: How often everything is measured: the median of fewer says little on a noisy machine.
ROUNDS: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a figure, what it is measured against, and the target for their ratio."""

    what: str
    against: str
    #: One per round.
    ratios: Sequence[float]
    #: The ratio should be at most this, or at least, where `is_floor`; None: for information.
    target: float | None
    is_floor: bool = False
    #: The median figures behind the ratio, with their unit.
    figures: str

    @property
    def ratio(self) -> float:
        """The median."""
        return median(self.ratios)

    @property
    def is_met(self) -> bool:
        """Whether the median meets the target."""
        if self.target is None:
            return True
        return self.ratio >= self.target if self.is_floor else self.ratio <= self.target


def alternately[T](rounds: int, measures: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Each measured once per round, so that what disturbs the machine disturbs them all."""
    samples: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            samples[name].append(measure())
    return samples


def compared(
    what: str,
    against: str,
    target: float | None,
    own: Sequence[float],
    others: Sequence[float],
    unit: str,
    *,
    is_floor: bool = False,
) -> Row:
    """The row of two series that were measured alternately."""
    return Row(
        what=what,
        against=against,
        ratios=[mine / theirs for mine, theirs in zip(own, others, strict=True)],
        target=target,
        is_floor=is_floor,
        figures=f"{median(own):.3g} / {median(others):.3g} {unit}",
    )


def to_markdown(rows: Sequence[Row]) -> str:
    """The table."""
    head = ["what", "measured against", "ratio (lowest to highest)", "rounds", "target", "met", "medians"]
    lines = [head, ["---"] * len(head), *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> list[str]:
    bound = "at least" if row.is_floor else "at most"
    return [
        row.what,
        row.against,
        f"**{row.ratio:.2f}** ({min(row.ratios):.2f} to {max(row.ratios):.2f})",
        str(len(row.ratios)),
        f"{bound} {row.target:g}" if row.target is not None else "for information",
        ("yes" if row.is_met else "**no**") if row.target is not None else "",
        row.figures,
    ]
