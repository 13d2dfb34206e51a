"""`python -m tools.release.cut 0.1.0 --date 2026-11-27`: what is unreleased becomes a version.

Writes CHANGELOG.md and `releases/<version>/`. The version that is the last one may be cut again until it has a tag.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sandbox.paths import ROOT
from tests.simulation import record_samples
from tools.release import changelog, contracts, gate, source
from tools.release.project import version as version_of_the_project


class NotCut(Exception):
    """The version cannot be cut."""


def cut(version: str, day: date) -> None:
    """Write the version down.

    Raises:
        NotCut: something breaks without a word, or the number does not fit.
        changelog.NoSuchSection: nothing is called unreleased.
        ValueError: nothing is unreleased.
    """
    check(version)
    text = changelog.cut(gate.CHANGELOG.read_text(encoding="utf-8"), version, day)
    contracts.keep(version, contracts.current())
    record_samples.write(contracts.RELEASES / version / contracts.RECORDS)
    source.keep_digest(ROOT, contracts.RELEASES, version)
    gate.CHANGELOG.write_text(text, encoding="utf-8")


def check(version: str, root: Path = ROOT) -> None:
    """Whether this may be the next version of the working copy.

    Raises:
        NotCut: it may not.
    """
    if source.tagged_commit(root, version):
        raise NotCut(f"{version} has a tag, so somebody may have it: give the next version a number")
    if version != version_of_the_project():
        raise NotCut(f"pyproject.toml has version {version_of_the_project()}")
    earlier = [each for each in contracts.versions() if each != version]
    if not earlier:
        return
    last = earlier[-1]
    if contracts.by_number(version) < contracts.by_number(last):
        raise NotCut(f"{last} is released already")
    found, silent = gate.check(last)
    if silent:
        raise NotCut("something breaks without a word in CHANGELOG.md: run `make release-gate`")
    if found and contracts.by_number(version)[:2] == contracts.by_number(last)[:2]:
        raise NotCut(f"something breaks, so the version after {last} needs more than another patch number")


def main(arguments: Sequence[str]) -> int:
    """Cut; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.release.cut", description="Make a version.")
    parser.add_argument("version")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="the day of the release")
    given = parser.parse_args(arguments)
    try:
        cut(given.version, given.date)
    except (NotCut, changelog.NoSuchSection, ValueError) as error:
        print(f"cut: {error}", file=sys.stderr)
        return 1
    folder = (contracts.RELEASES / given.version).relative_to(ROOT)
    print(f"CHANGELOG.md has {given.version}, {folder} holds its contracts; read both, and commit them")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
