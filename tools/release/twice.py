"""`make release-twice`: makes the release once here and once in a copy elsewhere, and compares every byte.

The copy has another path, other file times and permissions, and another time zone, and it is built from the start.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.paths import ROOT
from tools.release import CHECKSUMS


def differences(one: Path, other: Path) -> list[str]:
    """The files of two releases that are not the same, or not in both."""
    names = sorted({file.name for folder in (one, other) for file in folder.iterdir()})
    return [name for name in names if _content(one / name) != _content(other / name)]


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def copy_sources(folder: Path) -> None:
    """The commit, as git has it; the tools are the same ones."""
    clone = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)]
    subprocess.run(clone, check=True)
    (folder / ".tools").symlink_to(ROOT / ".tools")


def make(root: Path, folder: Path, environment: Mapping[str, str], options: Sequence[str]) -> None:
    """Make the release of a working copy, from the start.

    Raises:
        subprocess.CalledProcessError: it was not made; it has said why.
    """
    shutil.rmtree(root / ".aws-sam", ignore_errors=True)
    command = [sys.executable, "-m", "tools.release", "--folder", str(folder), *options]
    subprocess.run(command, cwd=root, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)


def main(options: Sequence[str]) -> int:
    """Make both, with these options of `tools.release`, and compare; the exit code."""
    with TemporaryDirectory(prefix="arm-relay-elsewhere-") as scratch:
        elsewhere = Path(scratch) / "another" / "place"
        old = os.umask(0o077)
        elsewhere.parent.mkdir(parents=True)
        copy_sources(elsewhere)
        make(elsewhere, Path(scratch) / "dist", {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7"}, options)
        os.umask(old)
        make(ROOT, ROOT / "dist", {"TZ": "UTC", "PYTHONHASHSEED": "1"}, options)
        different = differences(ROOT / "dist", Path(scratch) / "dist")
    for name in different:
        print(f"{name} is not the same in both")
    if not different:
        print("Both are the same, byte for byte:")
        print((ROOT / "dist" / CHECKSUMS).read_text(encoding="utf-8"), end="")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
