"""What outsiders depend on, as JSON: what `releases/<version>/` keeps, and what the code says now."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from arm_relay.api.problems import Kind
from arm_relay.batches.batch import OrderStatus, State
from arm_relay.observability import Metric
from arm_relay.store import records

from sandbox.cloud.template import contents
from sandbox.paths import ROOT, TEMPLATE

RELEASES: Final = ROOT / "releases"

#: By the name under which a release keeps it; the record samples are made elsewhere, and kept beside them.
_FILES: Final = {
    "openapi.json": ROOT / "functions" / "webhook" / "openapi.json",
    "orders.schema.json": ROOT / "docs" / "schemas" / "orders.schema.json",
    "notification.schema.json": ROOT / "docs" / "schemas" / "notification.schema.json",
    "arm-contract.schema.json": ROOT / "docs" / "schemas" / "arm-contract.schema.json",
}
RECORDS: Final = "records.jsonl"

#: Of a parameter: what says which values it takes, and which it has.
_OF_PARAMETERS: Final = (
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinValue",
    "MaxValue",
    "MinLength",
    "MaxLength",
)

type Contracts = Mapping[str, Any]


def current() -> dict[str, Any]:
    """What this working copy promises, by the names of a release's files."""
    found = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in _FILES.items()}
    return found | {"template.json": _template(), "words.json": _words(), "formats.json": _formats()}


def kept(version: str, releases: Path = RELEASES) -> dict[str, Any]:
    """What a release promised.

    Raises:
        FileNotFoundError: the release is not kept, or not whole.
    """
    names = (*_FILES, "template.json", "words.json", "formats.json")
    return {name: json.loads((releases / version / name).read_text(encoding="utf-8")) for name in names}


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


def _template() -> dict[str, Any]:
    template = contents(TEMPLATE)
    parameters = {
        name: {key: value for key, value in parameter.items() if key in _OF_PARAMETERS}
        for name, parameter in template["Parameters"].items()
    }
    return {"parameters": parameters, "outputs": sorted(template["Outputs"])}


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
