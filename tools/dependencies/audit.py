"""`make audit`: what is known against the locked dependencies. Data out of reach is said, and is not taken for nothing.

uv asks OSV (the service of the database of known vulnerabilities) about every package in uv.lock.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sandbox.paths import ROOT

_UV: Final = ROOT / ".tools" / "uv" / "bin" / "uv"
#: What uv ends with: nothing found, something found, not able to look.
NOTHING, FOUND = 0, 1

#: Its version 2.10 has had known vulnerabilities since 2019 (CVE-2019-10906).
CANARY: Final = "jinja2"
_CANARY_PROJECT: Final = """[project]
name = "canary"
version = "0"
requires-python = ">=3.13"
dependencies = ["jinja2==2.10"]
"""
_CANARY_LOCK: Final = """version = 1
revision = 3
requires-python = ">=3.13"

[[package]]
name = "canary"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "jinja2" }]

[package.metadata]
requires-dist = [{ name = "jinja2", specifier = "==2.10" }]

[[package]]
name = "jinja2"
version = "2.10"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/Jinja2-2.10.tar.gz" }
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How uv ended, and what it printed."""

    code: int
    printed: str


def ask_uv(url: str | None = None, project: Path = ROOT) -> Ended:
    """Let uv look at a project's lock file, at OSV or at another address."""
    service = ["--service-url", url] if url else []
    options = ["--frozen", "--preview-features", "audit-command", *service]
    command = [str(_UV), "audit", "--project", str(project), *options]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout + ended.stderr)


def ask_about_the_canary(url: str | None = None) -> Ended:
    """Let uv look at a project that locks a package with a known vulnerability."""
    with TemporaryDirectory(prefix="arm-relay-canary-") as folder:
        (Path(folder) / "pyproject.toml").write_text(_CANARY_PROJECT, encoding="utf-8")
        (Path(folder) / "uv.lock").write_text(_CANARY_LOCK, encoding="utf-8")
        return ask_uv(url, Path(folder))


def audit(ask: Callable[[], Ended], canary: Callable[[], Ended], *, is_required: bool) -> tuple[int, str]:
    """The exit code, and what to print.

    A service that knows nothing against the canary knows nothing at all: its answer is no audit. Where there was none,
    that is an error only if it is required.
    """
    ended = ask()
    if ended.code == FOUND:
        return 1, f"{ended.printed}Something is known against the locked dependencies: see above."
    if ended.code == NOTHING:
        known = canary()
        if known.code == FOUND and CANARY in known.printed:
            return 0, f"{ended.printed}Nothing is known against the locked dependencies."
        ended = Ended(
            known.code, f"{known.printed}The service does not report {CANARY} 2.10, which has known faults.\n"
        )
    kind = "ERROR" if is_required else "WARNING"
    said = f"{kind}: NOT AUDITED. The data about vulnerabilities is out of reach."
    line = "!" * len(said)
    return int(is_required), f"{ended.printed}{line}\n{said}\n{line}"


def main(arguments: Sequence[str]) -> int:
    """Audit; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.dependencies.audit", description="Audit uv.lock.")
    parser.add_argument("--required", action="store_true", help="fail where the data is out of reach")
    parser.add_argument("--service-url", metavar="URL", help="another service than OSV")
    given = parser.parse_args(arguments)
    code, text = audit(
        lambda: ask_uv(given.service_url), lambda: ask_about_the_canary(given.service_url), is_required=given.required
    )
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
