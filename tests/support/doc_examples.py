"""The examples of the documentation, taken out of it unchanged."""

import re
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
