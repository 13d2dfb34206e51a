"""`make release`: writes what a release consists of into `dist/`, the same bytes wherever it is made.

The zips of the build folders, the bill of materials, the notes, and the checksums of all of them.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sandbox.cloud.build import SANDBOX_TEMPLATE, built, digest, name_release
from sandbox.errors import SandboxError
from sandbox.paths import ROOT
from tools.dependencies import licenses
from tools.release import CHECKSUMS, archive, changelog, contracts, gate, sbom, source
from tools.release.project import version as version_of_the_project

ARCHITECTURES: Final = ("arm64", "x86_64")
#: It says that whoever passes the code on passes this on, too.
LICENSE: Final = "LICENSE"
_UV: Final = ROOT / ".tools" / "uv" / "bin" / "uv"
_EXPORT: Final = ("export", "--quiet", "--frozen", "--no-default-groups", "--no-emit-project")


@dataclass(frozen=True, slots=True)
class Naming:
    """What a release is called, and what it says of itself."""

    version: str
    day: date
    notes: str


def naming(root: Path, *, is_try: bool) -> Naming:
    """What the working copy may be released as: the project's version, or for a try that version with the commit.

    Raises:
        UnfitSource: the working copy is not what a release, or a try, may be made of.
        changelog.NoSuchSection: CHANGELOG.md has no section for the version, or none for what is unreleased.
    """
    source.check_listed(root)
    version = version_of_the_project()
    text = (root / gate.CHANGELOG.name).read_text(encoding="utf-8")
    unreleased = changelog.section(text, changelog.UNRELEASED)
    if is_try:
        notes = unreleased or changelog.section(text, version)
        return Naming(f"{version}+{source.name(root)}", source.day(root), notes)
    source.check_committed(root)
    if unreleased:
        raise source.UnfitSource(f"CHANGELOG.md has something unreleased that {version} does not say: cut it first")
    source.check_cut(root, root / contracts.RELEASES.name, version)
    return Naming(version, changelog.day(text, version), changelog.section(text, version))


def release(folder: Path, naming: Naming, architectures: Sequence[str] = ARCHITECTURES) -> list[Path]:
    """Write everything; the files.

    Raises:
        SandboxError: a build failed.
        UndeclaredLicense: a dependency's licence is not on the list.
    """
    version = naming.version
    folder.mkdir(parents=True, exist_ok=True)
    files = [pack(folder / f"arm-relay-{version}-{architecture}.zip", architecture) for architecture in architectures]
    files.append(_written(folder / f"arm-relay-{version}.cdx.json", _sbom(version, naming.day)))
    files.append(_written(folder / f"arm-relay-{version}.md", f"# ARM Relay {version}\n\n{naming.notes}\n"))
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(files))
    return [*files, _written(folder / CHECKSUMS, sums)]


def pack(file: Path, architecture: str) -> Path:
    """Write the zip that `sam deploy` takes: the build folder of an architecture; the file.

    Raises:
        SandboxError: the build failed.
    """
    with built(architecture) as build, TemporaryDirectory(prefix="arm-relay-release-") as scratch:
        copy = Path(scratch) / "build"
        shutil.copytree(build, copy)
        shutil.copyfile(ROOT / LICENSE, copy / LICENSE)
        template = copy / "template.yaml"
        # The name of the release follows from its sources, so that it is the same on every machine.
        name = hashlib.sha256(f"{architecture} {digest(ROOT, of_machine=False)}".encode()).hexdigest()
        template.write_text(name_release(template.read_text(encoding="utf-8"), name), encoding="utf-8")
        archive.write(copy, file, without=frozenset({SANDBOX_TEMPLATE}))
    return file


def _sbom(version: str, day: date) -> str:
    exported = subprocess.run(
        [_UV, *_EXPORT, "--format", "cyclonedx1.5"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return sbom.finished(exported, licenses.declared(), version, day)


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def main(arguments: Sequence[str]) -> int:
    """Write the release; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description="Write a release into a folder.")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist", help="default: dist")
    parser.add_argument("--architecture", choices=ARCHITECTURES, action="append", help="default: both")
    parser.add_argument(
        "--try", dest="is_try", action="store_true", help="take the source as it is, and name its commit in the version"
    )
    given = parser.parse_args(arguments)
    try:
        named = naming(ROOT, is_try=given.is_try)
        files = release(given.folder, named, given.architecture or ARCHITECTURES)
    except (SandboxError, changelog.NoSuchSection, source.UnfitSource) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    for file in files:
        print(f"{file.stat().st_size:>10}  {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
