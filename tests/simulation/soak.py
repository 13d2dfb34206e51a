"""Very many seeded runs: `make soak SEEDS=10000`. A seed that breaks a promise is printed, and runs again alone."""

import argparse
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from tqdm import tqdm

from tests.simulation.functions_under_test import replaced_parts
from tests.simulation.story import Story
from tests.simulation.timed import soak as timed

#: The lines of the summary, and what is counted in each: names, or how names begin.
SUMMARY: Final[Mapping[str, tuple[str, ...]]] = {
    "requests": ("requests",),
    "orders": ("orders",),
    "duplicates offered": ("duplicates",),
    "corrections offered": ("corrections",),
    "poller runs": ("polls",),
    "redrives": ("redrives",),
    "bulk redrives": ("bulk redrives",),
    "batches redriven in bulk": ("redriven in bulk",),
    "faults injected at ARM": ("ARM ",),
    "faults injected at DynamoDB": ("DynamoDB fails",),
    "faults injected at SNS": ("SNS fails",),
    "functions killed": ("crash", "timeout"),
    "batches succeeded": ("batches SUCCEEDED",),
    "batches partly failed": ("batches PARTIALLY_FAILED",),
    "batches failed or refused": ("batches FAILED", "batches REFUSED"),
    "batches held": ("batches HELD",),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one seed."""

    seed: int
    counts: Counter[str]
    violations: list[str]


def run(seed: int) -> Run:
    """Let one seed run."""
    story = Story(seed)
    return Run(seed, story.counts, play(story))


def play(story: Story) -> list[str]:
    """Let a story happen outside of pytest; the promises broken."""
    with _unmeasured(), replaced_parts(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No application metrics to publish")
        return story.run()


@contextmanager
def _unmeasured() -> Iterator[None]:
    """No metrics are written, and those of whatever comes after are."""
    before = os.environ.get("POWERTOOLS_METRICS_DISABLED")
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["POWERTOOLS_METRICS_DISABLED"]
        else:
            os.environ["POWERTOOLS_METRICS_DISABLED"] = before


def main() -> int:
    """Run the seeds asked for; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run (%(default)s)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first of them (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once (%(default)s)")
    parser.add_argument("--timed", type=int, default=0, metavar="N", help="run N seeds in which time passes instead")
    options = parser.parse_args()
    if options.timed:
        return timed.main(range(options.first, options.first + options.timed), options.jobs)
    counts: Counter[str] = Counter()
    broken = 0
    for result in _runs(range(options.first, options.first + options.seeds), options.jobs):
        counts += result.counts
        broken += len(result.violations)
        for violation in result.violations:
            tqdm.write(f"seed {result.seed}: {violation}", sys.stderr)
        if result.violations:
            tqdm.write(f"    again: python -m tests.simulation.soak --seeds 1 --first {result.seed}", sys.stderr)
    print("\n".join(_table(options.seeds, counts, broken)))  # noqa: T201 (a command line program: it prints)
    return 1 if broken else 0


def _runs(seeds: range, jobs: int) -> Iterator[Run]:
    with (
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as processes,
        tqdm(total=len(seeds), unit=" runs", smoothing=0) as progress,
    ):
        for future in as_completed([processes.submit(run, seed) for seed in seeds]):
            yield future.result()
            progress.update()


def _table(runs: int, counts: Counter[str], violations: int) -> Iterator[str]:
    """The summary, in Markdown."""
    yield "| what | how many |"
    yield "|---|--:|"
    yield f"| runs | {runs:,} |"
    for line, names in SUMMARY.items():
        yield f"| {line} | {sum(number for name, number in counts.items() if name.startswith(names)):,} |"
    yield f"| promises broken | {violations:,} |"


if __name__ == "__main__":
    sys.exit(main())
