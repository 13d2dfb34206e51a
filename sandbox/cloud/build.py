"""`python -m sandbox.cloud.build`: `sam build`, and bytecode for the layers, if the sources have changed.

Each call names a new release, because SAM publishes a new version of a function only where its template has changed. A
deployment that only changes parameters would otherwise leave the functions with their old settings.
"""

import argparse
import compileall
import fcntl
import hashlib
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from sandbox.cloud.sam import sam
from sandbox.cloud.template import with_allowed, with_default, with_pattern, without_resource
from sandbox.errors import SandboxError
from sandbox.paths import BUILD, ROOT, SAM_STATE, TEMPLATE
from sandbox.progress import say

_SOURCES: Final = ("template.yaml", "functions", "layers", "sandbox/cloud/build.py", "sandbox/cloud/template.py")
#: In the folder of a build: what is deployed here.
SANDBOX_TEMPLATE: Final = "sandbox.yaml"

#: What MiniStack asks for where AWS asks for the first.
ASKED_BY_MINISTACK: Final = {
    "sns:Publish": "sns:PublishBatch",
    "dynamodb:PartiQLUpdate": "dynamodb:BatchExecuteStatement",
}

_LOCK: Final = SAM_STATE / "build.lock"
#: What machines call themselves, and what Lambda calls them.
_ARCHITECTURES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def host_architecture() -> str:
    """What Lambda calls this machine's processor.

    Raises:
        SandboxError: Lambda has none of its kind.
    """
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise SandboxError(f"Lambda runs on x86_64 and arm64, not on {machine}")
    return _ARCHITECTURES[machine]


@contextmanager
def built(architecture: str | None = None) -> Iterator[Path]:
    """The folder of the finished build, which no other sandbox rebuilds during the `with` block.

    It is for this machine's architecture where none is named.

    Raises:
        SandboxError: the build failed; with what SAM CLI printed.
    """
    build = _Build(architecture or host_architecture())
    SAM_STATE.mkdir(exist_ok=True)
    with _LOCK.open("w") as lock:
        # Many may read a finished build at once; only one may build.
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not is_current(build.folder, build.stamp, digest(ROOT)):
            fcntl.flock(lock, fcntl.LOCK_EX)
            build.run_if_stale()
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield build.folder


class _Build:
    """One architecture's build. The other one's has a folder of its own, so that neither is deployed for the other."""

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture
        name = BUILD.name if architecture == host_architecture() else f"{BUILD.name}-{architecture}"
        self.folder = SAM_STATE / name
        self.stamp = SAM_STATE / f"{name}.sha256"

    def run_if_stale(self) -> None:
        wanted = digest(ROOT)
        if is_current(self.folder, self.stamp, wanted):
            return  # another process built it in the meantime
        # The stamp is removed first, so that an interrupted build does not pass for a finished one.
        self.stamp.unlink(missing_ok=True)
        say(f"building the functions and layers for {self.architecture} (sam build)")
        override = ("--parameter-overrides", f"Architecture={self.architecture}")
        sam("build", "--template-file", TEMPLATE, "--build-dir", self.folder, *override)
        for layer in self.folder.glob("*Layer"):
            _compile(layer, "/opt")
        for function in self.folder.glob("*Function"):
            _compile(function, "/var/task")
        self._write_templates()
        self.stamp.write_text(wanted)

    def _write_templates(self) -> None:
        template = self.folder / "template.yaml"
        deployed = for_architecture(template.read_text(encoding="utf-8"), self.architecture)
        template.write_text(deployed, encoding="utf-8")
        (self.folder / SANDBOX_TEMPLATE).write_text(for_sandbox(deployed), encoding="utf-8")


def for_sandbox(template: str) -> str:
    """The text of a built template as the sandbox deploys it."""
    # MiniStack has no CodeDeploy, and applies SAM's transform with the defaults alone.
    return as_ministack_takes(with_default(template, "Deployment", "at-once"))


def for_architecture(template: str, architecture: str) -> str:
    """The text of a built template that CloudFormation takes for this architecture alone.

    A default reaches new stacks only: at an update SAM CLI asks for the previous value. So nothing else is allowed, and
    CloudFormation refuses a deployment for another architecture before it changes anything.
    """
    return with_allowed(with_default(template, "Architecture", architecture), "Architecture", [architecture])


def with_local_arm(template: str) -> str:
    """The text of a built template whose ARM may be the simulator of this machine, which has no certificate."""
    for parameter in ("ArmBaseUrl", "ArmTokenUrl"):
        template = with_pattern(template, parameter, "^https://", "^https?://")
    return template


def as_ministack_takes(template: str) -> str:
    """The text of a built template as it is deployed here: MiniStack has no alarms that calculate."""
    return with_local_arm(as_ministack_asks(without_resource(template, "RefusedOrdersAlarm")))


def as_ministack_asks(template: str) -> str:
    """The text of a built template whose roles hold what MiniStack asks for, too.

    For two calls it asks for a permission named like the operation, where AWS asks for another one; of statements in
    PartiQL it does not know which table they are about.
    """
    publish, execute = ASKED_BY_MINISTACK["sns:Publish"], ASKED_BY_MINISTACK["dynamodb:PartiQLUpdate"]
    published = rf"\g<1>Action:\n\g<1>- sns:Publish\n\g<1>- {publish}"
    template = re.sub(r"^( +)Action: sns:Publish$", published, template, flags=re.MULTILINE)
    executed = (
        rf"\g<1>- Sid: ExecuteInMiniStack\n\g<1>  Effect: Allow\n\g<1>  Action: {execute}\n"
        r"\g<1>  Resource: '*'\n\g<1>- Sid: TakeAndRecord"
    )
    return re.sub(r"^( +)- Sid: TakeAndRecord$", executed, template, flags=re.MULTILINE)


def name_release(template: str, release: str) -> str:
    """The text of a built template that publishes new versions of the functions, even if only parameters change."""
    published = r"^( +)AutoPublishAliasAllProperties: true\n(?: +AutoPublishCodeSha256: '\w+'\n)?"
    named = rf"\g<1>AutoPublishAliasAllProperties: true\n\g<1>AutoPublishCodeSha256: '{release}'\n"
    return re.sub(published, named, template, flags=re.MULTILINE)


def is_current(build: Path, stamp: Path, wanted: str) -> bool:
    """Whether the build was made from the sources with this digest."""
    return (build / "template.yaml").exists() and stamp.exists() and stamp.read_text() == wanted


def digest(root: Path, *, of_machine: bool = True) -> str:
    """Changes whenever a source or its name changes, and by default where the kind of machine is another one."""
    total = hashlib.sha256(f"{platform.machine()} {sys.version}".encode() if of_machine else b"")
    for name in _SOURCES:
        for file in sorted(_files(root / name)):
            total.update(f"\0{file.relative_to(root)}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    found = source.rglob("*") if source.is_dir() else [source]
    return (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _compile(folder: Path, place: str) -> None:
    # Lambda's file system is read-only and SAM leaves no bytecode: without this every cold start compiles again.
    # The paths are those of Lambda, so that every machine builds the same.
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder),
        prependdir=place,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def main(arguments: Sequence[str]) -> int:
    """Build if needed; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.cloud.build",
        description="Build what is deployed.",
        epilog="Example: python -m sandbox.cloud.build --architecture arm64",
    )
    parser.add_argument("--architecture", choices=sorted(set(_ARCHITECTURES.values())), help="default: this machine's")
    parser.add_argument("--folder", action="store_true", help="only print the folder of the build")
    wanted = parser.parse_args(arguments)
    try:
        if wanted.folder:
            print(_Build(wanted.architecture or host_architecture()).folder.relative_to(ROOT))
            return 0
        with built(wanted.architecture) as folder:
            template = folder / "template.yaml"
            release = hashlib.sha256(f"{datetime.now(UTC)} {digest(ROOT)}".encode()).hexdigest()
            template.write_text(name_release(template.read_text(encoding="utf-8"), release), encoding="utf-8")
            say(f"{folder.relative_to(ROOT)} is ready")
    except SandboxError as error:
        print(error.output, f"sandbox: {error}", sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
