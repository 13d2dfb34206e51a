"""The page's texts: one catalogue for each language, in the folder `catalogues/`."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

#: By its code, each language in its own name.
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "nb": "Norsk bokmål"}

DEFAULT: Final = "en"

#: What browsers call the languages that a reader of bokmål can read best in it.
_NORWEGIAN: Final = frozenset({"nb", "no", "nn"})


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of one language, by its key."""
    texts: dict[str, str] = json.loads((files("desk.page") / "catalogues" / f"{language}.json").read_text("utf-8"))
    return texts


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language: Final = language
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with values in its places.

        Raises:
            KeyError: there is no such text, or a value is missing.
        """
        return self._texts[key].format(**values)

    def known(self, kind: str, value: str) -> str:
        """The text for a value of a kind, such as a status; what is not known stays as it is."""
        return self._texts.get(f"{kind}.{value}", value)

    def in_file(self, column: str, value: str) -> str:
        """A value of a column of the file of days, or with `column` as the column a name, in a file's words."""
        return self._texts.get(f"file.{column}.{value}", value)


def chosen(wanted: str | None, kept: str | None, accepted: str) -> str:
    """The language to write in: what the person asks for, has asked for, or what the browser accepts best."""
    for language in (wanted, kept):
        if language is not None and language in LANGUAGES:
            return language
    for name in _by_preference(accepted):
        primary = name.partition("-")[0]
        if primary in _NORWEGIAN:
            return "nb"
        if primary in LANGUAGES:
            return primary
    return DEFAULT


def _by_preference(accepted: str) -> Iterator[str]:
    """The languages of an Accept-Language, the best first."""
    weighted = []
    for place, entry in enumerate(accepted.split(",")):
        name, _, parameters = entry.partition(";")
        weighted.append((-_weight(parameters), place, name.strip().lower()))
    yield from (name for weight, _, name in sorted(weighted) if weight < 0)


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
