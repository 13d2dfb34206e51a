"""`python -m tools.release.gate`: fails where something breaks against the last release and CHANGELOG.md is silent."""

import sys
from collections.abc import Sequence
from typing import Final

from sandbox.paths import ROOT
from tools.release import breaks, changelog, contracts
from tools.release.schemas import Break

CHANGELOG: Final = ROOT / "CHANGELOG.md"


def unsaid(found: Sequence[Break], unreleased: str) -> list[Break]:
    """What breaks without an entry that says so."""
    return [each for each in found if not changelog.says_breaks(unreleased, each.subject)]


def check(last: str) -> tuple[list[Break], list[Break]]:
    """What breaks against a release, and what of it CHANGELOG.md does not say.

    Raises:
        FileNotFoundError: that release is not kept.
        changelog.NoSuchSection: CHANGELOG.md has no section for what is unreleased.
    """
    found = breaks.breaks(contracts.kept(last), contracts.current())
    text = changelog.section(CHANGELOG.read_text(encoding="utf-8"), changelog.UNRELEASED)
    return found, unsaid(found, text)


def main() -> int:
    """Check; the exit code."""
    releases = contracts.versions()
    if not releases:
        print("Nothing has been released yet: nothing can break.")
        return 0
    found, silent = check(releases[-1])
    print(f"Compared with {releases[-1]}: {len(found)} breaks, {len(silent)} of them not said in CHANGELOG.md.")
    for each in silent:
        print(f"  {each}")
        print(f"    say so: - {changelog.BREAKING} `{each.subject}` ...")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
