"""Which source a release is made of: a commit, nothing beside it, and what was cut."""

import subprocess
from datetime import date
from pathlib import Path
from typing import Final

from sandbox.cloud.build import digest

#: The digest of what a version was cut from, in the folder of the release.
DIGEST: Final = "source.sha256"

#: What is built. Whatever lies there would be in the zip.
BUILT: Final = ("template.yaml", "functions", "layers", "LICENSE")
#: `sam build` leaves these out.
_LEFT_OUT: Final = ("--exclude=__pycache__/", "--exclude=*.pyc")


class UnfitSource(Exception):
    """The working copy is not what a release may be made of."""


def check_listed(root: Path) -> None:
    """Whether git lists all that would be built; what git ignores would be built, too.

    Raises:
        UnfitSource: git does not know a file there.
    """
    # Listed without git's own rules of what to ignore, but for what a build leaves out.
    strange = set(_git(root, "ls-files", "--others", "--", *BUILT).splitlines())
    strange -= set(_git(root, "ls-files", "--others", "--ignored", *_LEFT_OUT, "--", *BUILT).splitlines())
    if strange:
        raise UnfitSource(f"git does not know these files among the sources: {', '.join(sorted(strange))}")


def check_committed(root: Path) -> None:
    """Whether every file that git knows is as it was committed.

    Raises:
        UnfitSource: one is not.
    """
    changed = changes(root)
    if changed:
        raise UnfitSource(f"these files are not as they were committed: {', '.join(changed)}")


def check_cut(root: Path, releases: Path, version: str) -> None:
    """Whether the sources are those that the version was cut from, and the version's tag names no other commit.

    Raises:
        UnfitSource: they are not, or it does.
    """
    kept = releases / version / DIGEST
    if not kept.exists() or kept.read_text(encoding="utf-8").strip() != digest(root, of_machine=False):
        raise UnfitSource(f"the sources are not those that {version} was cut from: cut it, or the next version")
    tagged = tagged_commit(root, version)
    if tagged and tagged != _git(root, "rev-parse", "HEAD").strip():
        raise UnfitSource(f"the tag v{version} names another commit, {tagged[:12]}")


def keep_digest(root: Path, releases: Path, version: str) -> None:
    """Write down what the version is cut from."""
    (releases / version / DIGEST).write_text(f"{digest(root, of_machine=False)}\n", encoding="utf-8")


def tagged_commit(root: Path, version: str) -> str:
    """The commit that the version's tag names; empty where there is no such tag."""
    return _git(
        root,
        "for-each-ref",
        "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)",
        f"refs/tags/v{version}",
    ).strip()


def changes(root: Path) -> list[str]:
    """The files that are not as they were committed."""
    return [line[3:] for line in _git(root, "status", "--porcelain", "--untracked-files=no").splitlines()]


def name(root: Path) -> str:
    """The commit, and whether something has changed since, as the part of a version after the plus sign."""
    commit = _git(root, "rev-parse", "--short=12", "HEAD").strip()
    return f"{commit}.changed" if changes(root) else commit


def day(root: Path) -> date:
    """The day of the commit."""
    return date.fromisoformat(_git(root, "log", "-1", "--format=%cs").strip())


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
