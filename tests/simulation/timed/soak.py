"""Very many seeds in which time passes: `python -m tests.simulation.soak --timed 300`."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from arm_relay.batches.batch import State
from tqdm import tqdm

from tests.simulation.timed.report import Spread
from tests.simulation.timed.story import Ending, TimedStory

#: The calls to ARM that the summary counts.
ARM_CALLS = {"submit": "submissions", "result": "questions about a result", "document": "look-ups of a document"}


def run(seed: int) -> Ending:
    """Let one seed run."""
    return TimedStory(seed).run()


def main(seeds: range, jobs: int | None) -> int:
    """Run the seeds; 1 where a promise was broken."""
    endings = []
    with (
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as processes,
        tqdm(total=len(seeds), unit=" runs", smoothing=0) as progress,
    ):
        for future in as_completed([processes.submit(run, seed) for seed in seeds]):
            ending = future.result()
            endings.append(ending)
            progress.update()
            for violation in ending.violations:
                tqdm.write(f"seed {ending.seed}: {violation}", sys.stderr)
            if ending.violations:
                again = f"python -m tests.simulation.soak --timed 1 --first {ending.seed}"
                tqdm.write(f"    again: {again}", sys.stderr)
    print("\n".join(_table(endings)))  # noqa: T201 (a command line program: it prints)
    return 1 if any(ending.violations for ending in endings) else 0


def _table(endings: Sequence[Ending]) -> Iterator[str]:
    """The summary, in Markdown."""
    reports = [ending.report for ending in endings]
    states = _sum(report.by_state for report in reports)
    calls = _sum(report.calls for report in reports)
    needless = _sum(report.needless + report.needless_unnumbered for report in reports)
    lateness = Spread.of([late for report in reports for late in report.latenesses])
    yield "| what | how many |"
    yield "|---|--:|"
    yield f"| runs | {len(endings):,} |"
    yield f"| runs of the poller | {sum(len(report.runs) for report in reports):,} |"
    yield f"| of these killed | {sum(run.killed for report in reports for run in report.runs):,} |"
    for name, words in ARM_CALLS.items():
        yield f"| {words} | {calls[name]:,} |"
    yield f"| batches | {states.total():,} |"
    yield f"| batches held | {states[State.HELD.value]:,} |"
    yield f"| held although ARM's ledger could have told | {needless.total():,} |"
    yield f"| orders billed twice | {sum(len(report.billed_twice) for report in reports):,} |"
    yield f"| announced after ARM could tell it: median | {lateness.median:,.0f} s |"
    yield f"| ... 95 of 100 | {lateness.p95:,.0f} s |"
    yield f"| ... 99 of 100 | {lateness.p99:,.0f} s |"
    yield f"| promises broken | {sum(len(ending.violations) for ending in endings):,} |"


def _sum(counters: Iterator[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total += counter
    return total
