"""CHANGELOG.md: its sections, what a section says breaks, and how a version is cut. Pure."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

UNRELEASED: Final = "Unreleased"
#: How an entry begins that says that something breaks.
BREAKING: Final = "**Breaking:**"

_HEADING: Final = re.compile(r"^## \[(?P<name>[^\]]+)\](?P<rest>.*)$", re.MULTILINE)
_GROUP: Final = re.compile(r"^### (?P<name>.+)$", re.MULTILINE)


class NoSuchSection(Exception):
    """CHANGELOG.md has no section for this version."""


def section(text: str, name: str) -> str:
    """What stands under the heading of a version, or of what is unreleased.

    Raises:
        NoSuchSection: there is none.
    """
    start, end = _place(text, name)
    return text[start:end].strip()


def versions(text: str) -> list[str]:
    """The versions with a section, the newest first."""
    return [found["name"] for found in _HEADING.finditer(text) if found["name"] != UNRELEASED]


def day(text: str, name: str) -> date:
    """The day of a version's release.

    Raises:
        NoSuchSection: the version has no section with a day.
    """
    for found in _HEADING.finditer(text):
        if found["name"] == name and (stated := re.fullmatch(r" - (\d{4}-\d{2}-\d{2})", found["rest"].rstrip())):
            return date.fromisoformat(stated[1])
    raise NoSuchSection(f"CHANGELOG.md has no section {name} with a day")


def entries(section_text: str) -> list[str]:
    """The entries of a section, each in one line."""
    joined = re.sub(r"\n +", " ", section_text)
    return [line.removeprefix("- ") for line in joined.splitlines() if line.startswith("- ")]


def says_breaks(section_text: str, subject: str) -> bool:
    """Whether an entry says that this breaks: it begins with the mark and names the subject in backticks."""
    return any(entry.startswith(BREAKING) and f"`{subject}`" in entry for entry in entries(section_text))


def cut(text: str, version: str, day: date) -> str:
    """CHANGELOG.md after the release: what was unreleased is the version's.

    What is unreleased and stands in a group that the version has already is added to that group: a version that nobody
    has got yet may be cut again.

    Raises:
        NoSuchSection: nothing is called unreleased.
        ValueError: nothing was unreleased.
    """
    unreleased = section(text, UNRELEASED)
    if version in versions(text):
        unreleased = _merged(section(text, version), unreleased)
        start, end = _with_heading(text, version)
        text = text[:start] + text[end:]
    if not unreleased:
        raise ValueError(f"nothing is unreleased that {version} could have")
    start, end = _place(text, UNRELEASED)
    rest = text[end:].strip("\n")
    cut_section = f"\n\n## [{version}] - {day.isoformat()}\n\n{unreleased}\n"
    return text[:start].rstrip() + cut_section + (f"\n{rest}\n" if rest else "")


def _place(text: str, name: str) -> tuple[int, int]:
    headings = list(_HEADING.finditer(text))
    for heading, after in zip(headings, [*headings[1:], None], strict=True):
        if heading["name"] == name:
            return heading.end(), after.start() if after else len(text)
    raise NoSuchSection(f"CHANGELOG.md has no section {name}")


def _with_heading(text: str, name: str) -> tuple[int, int]:
    start, end = _place(text, name)
    return text.rindex("## [", 0, start), end


def _merged(released: str, unreleased: str) -> str:
    groups = dict(_groups(released))
    for name, body in _groups(unreleased):
        groups[name] = f"{groups[name]}\n{body}" if groups.get(name) else body
    return "\n\n".join(f"### {name}\n\n{body}" if name else body for name, body in groups.items() if body)


def _groups(section_text: str) -> Iterator[tuple[str, str]]:
    """Each group's name and entries; what stands before the first group has no name."""
    before, *parts = _GROUP.split(section_text)
    yield "", before.strip()
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        yield name, body.strip()
