"""`python -m tools.unpack NAME`: fetch a package from the npm registry, check its SHA-512, unpack it into .tools/NAME.

These are tools that come inside npm packages and run without npm.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import rmtree, which
from tempfile import TemporaryDirectory
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Package:
    """One version of an npm package."""

    #: What npm calls it, such as `swagger-ui-dist@5.35.0`.
    name: str
    #: Of its tarball, in hexadecimal.
    sha512: str
    #: The folder inside the tarball that is unpacked.
    folder: str


PACKAGES: Final[Mapping[str, Package]] = {
    "dynamodb-local": Package(
        name="amplify-dynamodb-simulator@2.9.30",
        sha512="c5379e44bbf311fab2779961ddb1f8734907bd21c79a6843e590ec1c5280439836665e89aa515dbad6908422c7cf1129e91cb5a"
        "3b4c1ea7888a17b9002749ec1",
        folder="package/emulator",
    ),
    "swagger-ui": Package(
        name="swagger-ui-dist@5.35.0",
        sha512="534eaba4cb56f55dd73c638179a993512af4674f63317e0826e00da44fc465b021c341bc0a0c2bcd4e18997927fe1d3008336c5"
        "dd19aad334d1c2dec53cc9551",
        folder="package",
    ),
}

TOOLS: Final = Path(__file__).parent.parent / ".tools"

#: In the unpacked folder, written last: the SHA-512 of what was unpacked.
STAMP: Final = ".ready"


class UnpackError(Exception):
    """The package cannot be had; the message is one line."""


def main(arguments: Sequence[str]) -> int:
    """Fetch the package if it is not there yet; the exit code."""
    given = _parser().parse_args(arguments)
    package: Package = PACKAGES[given.name]
    try:
        unpack(package, TOOLS / given.name, given.timeout)
    except UnpackError as error:
        print(f"{given.name} is left out: {error}" if given.optional else f"unpack: {error}", file=sys.stderr)
        return 0 if given.optional else 1
    except KeyboardInterrupt:
        return 130
    return 0


def unpack(package: Package, into: Path, timeout: float) -> None:
    """Have the package's folder in `into`; what is there from another version is replaced.

    Raises:
        UnpackError: npm is missing, did not deliver in time, or delivered something else.
    """
    stamp = into / STAMP
    if stamp.exists() and stamp.read_text(encoding="utf-8") == package.sha512:
        stamp.touch()
        return
    into.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=into.parent, prefix="unpack-", ignore_cleanup_errors=True) as scratch:
        tarball = _fetched(package, Path(scratch), timeout)
        check(tarball, package.sha512)
        found = extracted(tarball, package.folder, Path(scratch) / "unpacked")
        (found / STAMP).write_text(package.sha512, encoding="utf-8")
        rmtree(into, ignore_errors=True)
        # Renamed as a whole: a folder that is there is complete.
        found.rename(into)


def check(tarball: Path, sha512: str) -> None:
    """Compare a file's digest.

    Raises:
        UnpackError: it is another one.
    """
    with tarball.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").hexdigest()
    if digest != sha512:
        raise UnpackError(f"{tarball.name} is not the expected file: its SHA-512 begins with {digest[:16]}")


def extracted(tarball: Path, folder: str, into: Path) -> Path:
    """Extract one folder of a tarball below `into`; its path there.

    Raises:
        UnpackError: there is no such folder in it, or a file in it that would be written elsewhere.
    """
    try:
        with tarfile.open(tarball) as archive:
            wanted = [member for member in archive if PurePosixPath(member.name).is_relative_to(folder)]
            archive.extractall(into, wanted, filter="data")
    except tarfile.TarError as error:
        raise UnpackError(f"{tarball.name} cannot be unpacked: {error}") from None
    if not (into / folder).is_dir():
        raise UnpackError(f"{tarball.name} has no folder {folder}")
    return into / folder


def _fetched(package: Package, into: Path, timeout: float) -> Path:
    npm = which("npm")
    if npm is None:
        raise UnpackError(f"{package.name} comes from the npm registry, and there is no npm on the PATH")
    print(f"fetching {package.name} from the npm registry (at most {timeout:g} s)", flush=True)
    command = [npm, "pack", "--fetch-retries=0", "--pack-destination", str(into), package.name]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise UnpackError(f"the npm registry did not deliver {package.name} within {timeout:g} s") from None
    tarballs = list(into.glob("*.tgz"))
    if ended.returncode != 0 or len(tarballs) != 1:
        raise UnpackError(f"npm could not fetch {package.name}: {reason(ended.stderr)}")
    return tarballs[0]


def reason(output: str) -> str:
    """What npm gives as the reason: the first of its errors that is a sentence."""
    prefix = "npm error "
    errors = [line.removeprefix(prefix).strip() for line in output.splitlines() if line.startswith(prefix)]
    sentences = [error for error in errors if error.partition(" ")[0] not in {"code", "errno", "syscall"}]
    return next(iter(sentences), "it did not say why")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.unpack",
        description="Fetch a package from the npm registry, check its SHA-512, and unpack it into .tools.",
        epilog="example: python -m tools.unpack --optional --timeout 20 swagger-ui",
    )
    parser.add_argument("name", choices=sorted(PACKAGES), help="which one")
    parser.add_argument("--optional", action="store_true", help="where it cannot be had, say so in one line and go on")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="(default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
