"""`python -m sandbox.build`: `sam build`, and bytecode for the layers, when the sources have changed."""

import compileall
import fcntl
import hashlib
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from sandbox.errors import SandboxError
from sandbox.paths import BUILD, ROOT, SAM_STATE, TEMPLATE
from sandbox.progress import say
from sandbox.sam import sam

_SOURCES: Final = ("template.yaml", "functions", "layers")
_STAMP: Final = SAM_STATE / "build.sha256"
_LOCK: Final = SAM_STATE / "build.lock"


@contextmanager
def built() -> Iterator[Path]:
    """The folder of the finished build, which no other sandbox rebuilds during the `with` block.

    Raises:
        SandboxError: the build failed; with what SAM CLI printed.
    """
    SAM_STATE.mkdir(exist_ok=True)
    with _LOCK.open("w") as lock:
        # Many may read a finished build at once; who builds is alone.
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not is_current(BUILD, _STAMP, digest(ROOT)):
            fcntl.flock(lock, fcntl.LOCK_EX)
            _build_if_stale()
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield BUILD


def _build_if_stale() -> None:
    wanted = digest(ROOT)
    if is_current(BUILD, _STAMP, wanted):
        return  # another built it while we waited
    # The stamp goes first: an interrupted build must not look like a finished one.
    _STAMP.unlink(missing_ok=True)
    say("building the functions and layers (sam build)")
    sam("build", "--template-file", TEMPLATE, "--build-dir", BUILD)
    for layer in BUILD.glob("*Layer"):
        _compile(layer)
    _STAMP.write_text(wanted)


def is_current(build: Path, stamp: Path, wanted: str) -> bool:
    """Whether the build was made from the sources with this digest."""
    return (build / "template.yaml").exists() and stamp.exists() and stamp.read_text() == wanted


def digest(root: Path) -> str:
    """Changes whenever a source, its name, or the kind of machine changes."""
    total = hashlib.sha256(f"{platform.machine()} {sys.version}".encode())
    for name in _SOURCES:
        for file in sorted(_files(root / name)):
            total.update(f"\0{file.relative_to(root)}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    found = source.rglob("*") if source.is_dir() else [source]
    return (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _compile(layer: Path) -> None:
    # Lambda's file system is read-only and SAM leaves no bytecode: without this every cold start compiles again.
    # The paths are those of Lambda, so that every machine builds the same.
    compileall.compile_dir(
        layer,
        quiet=2,
        stripdir=str(layer),
        prependdir="/opt",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def main() -> int:
    """Build if needed; the exit code."""
    try:
        with built() as folder:
            say(f"{folder.relative_to(ROOT)} is ready")
    except SandboxError as error:
        print(error.output, f"sandbox: {error}", sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
