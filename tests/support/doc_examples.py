"""The examples of the documentation, taken out of it unchanged."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str, language: str) -> list[str]:
    """The fenced blocks of this language on a page, in their order."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)
    return [dedent(text) for _, text in found]


def example(page: str, language: str, holding: str) -> str:
    """The one block of this language that holds this text."""
    (found,) = [text for text in examples(page, language) if holding in text]
    return found


def moved_to_today(words: Sequence[str]) -> list[str]:
    """The words of a command with their dates moved, so that the latest one is yesterday.

    The relay keeps days for a time only, and the further back a command looks, the longer it takes.
    """
    pattern = re.compile(r"\b\d{4}-\d\d-\d\d(?=T|$)")
    dates = [date.fromisoformat(found) for word in words for found in pattern.findall(word)]
    if not dates:
        return list(words)
    shift = datetime.now(UTC).date() - timedelta(days=1) - max(dates)
    return [pattern.sub(lambda found: str(date.fromisoformat(found[0]) + shift), word) for word in words]
