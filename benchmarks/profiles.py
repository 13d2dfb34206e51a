"""`python -m benchmarks.profiles`: where the relay's time goes, by package: a warm request, and a start.

Shares, no times: a profiler slows everything down, and calls of many small functions most.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Final

from benchmarks import contestants
from benchmarks.cloud import Cloud
from benchmarks.contestants import FLOOR, HERE, RELAY, Contestant
from benchmarks.events import an_event
from benchmarks.processes import LONG
from benchmarks.server import Server
from sandbox.cloud.build import built

REQUESTS: Final = 220
#: Packages with less than this share are told as one.
LEAST: Final = 0.01

_IMPORT: Final = re.compile(r"import time:\s+(?P<own>\d+) \|\s+\d+ \|\s+(?P<module>[\w.]+)")


def main() -> int:
    """Print both."""
    with built(), Server(Cloud()) as cloud:
        contestants.prepare()
        for contestant in (FLOOR, RELAY):
            print(f"{contestant.name}, a warm request")
            print(_table(warm(contestant, cloud.url)))
        print("relay, imports at a start")
        print(_table(imports(RELAY, cloud.url)))
    return 0


def warm(contestant: Contestant, cloud_url: str) -> Counter[str]:
    """Seconds by package of requests of one order."""
    work = json.dumps({"events": [an_event(1) for _ in range(REQUESTS)], "seconds": LONG})
    ended = _run(contestant, cloud_url, str(HERE / "profiled.py"), stdin=work + "\n")
    return Counter(json.loads(ended.stdout))


def imports(contestant: Contestant, cloud_url: str) -> Counter[str]:
    """Microseconds that each package's modules take to be imported, without what they import."""
    ended = _run(contestant, cloud_url, "-X", "importtime", "-c", "import app")
    found: Counter[str] = Counter()
    for line in _IMPORT.finditer(ended.stderr):
        found[line["module"].partition(".")[0]] += int(line["own"])
    return found


def _run(
    contestant: Contestant, cloud_url: str, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        contestant.command(*arguments),
        cwd=contestant.folder,
        env=contestant.environment(cloud_url),
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )


def _table(parts: Mapping[str, float]) -> str:
    whole = sum(parts.values())
    shares = {name: part / whole for name, part in parts.items()}
    large = {name: share for name, share in shares.items() if share >= LEAST}
    rows = sorted(large.items(), key=lambda row: -row[1])
    rest = 1 - sum(large.values())
    return "\n".join(f"  {share:6.1%}  {name}" for name, share in [*rows, ("all others", rest)])


if __name__ == "__main__":
    sys.exit(main())
