"""`make audit`: what is known against the locked dependencies. Data out of reach is said, and is not taken for nothing.

uv asks OSV (the service of the database of known vulnerabilities) about every package in uv.lock.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.paths import ROOT

_UV: Final = ROOT / ".tools" / "uv" / "bin" / "uv"
#: What uv ends with: nothing found, something found, not able to look.
NOTHING, FOUND = 0, 1


@dataclass(frozen=True, slots=True)
class Ended:
    """How uv ended, and what it printed."""

    code: int
    printed: str


def ask_uv(url: str | None = None) -> Ended:
    """Let uv look, at OSV or at another address."""
    service = ["--service-url", url] if url else []
    command = [str(_UV), "audit", "--frozen", "--preview-features", "audit-command", *service]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout + ended.stderr)


def audit(ask: Callable[[], Ended], *, is_required: bool) -> tuple[int, str]:
    """The exit code, and what to print. Where the data is out of reach, that is an error only if it is required."""
    ended = ask()
    if ended.code == NOTHING:
        return 0, f"{ended.printed}Nothing is known against the locked dependencies."
    if ended.code == FOUND:
        return 1, f"{ended.printed}Something is known against the locked dependencies: see above."
    kind = "ERROR" if is_required else "WARNING"
    return int(is_required), f"{ended.printed}{kind}: not audited. The data about vulnerabilities is out of reach."


def main(arguments: Sequence[str]) -> int:
    """Audit; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.dependencies.audit", description="Audit uv.lock.")
    parser.add_argument("--required", action="store_true", help="fail where the data is out of reach")
    parser.add_argument("--service-url", metavar="URL", help="another service than OSV")
    given = parser.parse_args(arguments)
    code, text = audit(lambda: ask_uv(given.service_url), is_required=given.required)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
