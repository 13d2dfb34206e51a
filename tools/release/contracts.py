"""What outsiders depend on, as JSON: what `releases/<version>/` keeps, and what the code says now."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from arm_relay.api.problems import Kind
from arm_relay.batches.batch import OrderStatus, State
from arm_relay.observability import Metric
from arm_relay.store import records

from sandbox.paths import ROOT
from tools.release import signals, stack_contract
from tools.template import template

RELEASES: Final = ROOT / "releases"

#: By the name under which a release keeps it; the record samples are made elsewhere, and kept beside them.
_FILES: Final = {
    "openapi.json": ROOT / "functions" / "webhook" / "openapi.json",
    "orders.schema.json": ROOT / "docs" / "schemas" / "orders.schema.json",
    "notification.schema.json": ROOT / "docs" / "schemas" / "notification.schema.json",
    "arm-contract.schema.json": ROOT / "docs" / "schemas" / "arm-contract.schema.json",
}
RECORDS: Final = "records.jsonl"
_MADE: Final = ("template.json", "words.json", "signals.json", "formats.json")

type Contracts = Mapping[str, Any]


def current() -> dict[str, Any]:
    """What this working copy promises, by the names of a release's files."""
    found = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in _FILES.items()}
    made = (stack_contract.of_template(template()), _words(), signals.signals(), _formats())
    return found | dict(zip(_MADE, made, strict=True))


def kept(version: str, releases: Path = RELEASES) -> dict[str, Any]:
    """What a release promised.

    Raises:
        FileNotFoundError: the release is not kept, or not whole.
    """
    return {name: json.loads((releases / version / name).read_text(encoding="utf-8")) for name in (*_FILES, *_MADE)}


def keep(version: str, contracts: Contracts, releases: Path = RELEASES) -> None:
    """Write down what a release promises."""
    folder = releases / version
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contracts.items():
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def versions(releases: Path = RELEASES) -> list[str]:
    """The releases that are kept, the oldest first."""
    found = [folder.name for folder in releases.iterdir() if folder.is_dir()] if releases.is_dir() else []
    return sorted(found, key=by_number)


def by_number(version: str) -> tuple[int, ...]:
    """The place of a version among others: 0.10.0 comes after 0.9.0.

    Raises:
        ValueError: it is not three numbers.
    """
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def _words() -> dict[str, list[str]]:
    """The words that programs compare with: in dashboards, alarms and code."""
    return {
        "metrics": sorted(Metric),
        "problems": sorted(kind.value[0] for kind in Kind),
        "states": sorted(State),
        "orderStatuses": sorted(OrderStatus),
    }


def _formats() -> dict[str, int]:
    """The format of records that this release writes, and the newest that it reads."""
    return {"written": records.WRITTEN_FORMAT, "newestRead": records.NEWEST_FORMAT}
