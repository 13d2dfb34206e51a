"""What breaks between the contracts of two releases. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.release import api_breaks, stack_breaks
from tools.release.schemas import Break, Comparison

#: The schemas that stand alone, and whether the relay receives what they describe.
SCHEMAS: Final = {
    "orders.schema.json": True,
    "arm-contract.schema.json": True,
    "notification.schema.json": False,
}
#: The words of which readers know all: a new one reaches code that has no case for it.
_COMPLETE: Final = frozenset({"states", "orderStatuses"})


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Break]:
    """What outsiders who rely on the first contracts find broken with the second ones."""
    # The description of the API is large; most of the time it has not changed.
    is_same = old["openapi.json"] == new["openapi.json"]
    found = [] if is_same else [*api_breaks.of_api(old["openapi.json"], new["openapi.json"])]
    for name, is_received in SCHEMAS.items():
        comparison = Comparison(name, old[name], new[name], is_received)
        found += comparison.breaks(old[name], new[name], name.removesuffix(".schema.json"), name)
    found += stack_breaks.of_template(old["template.json"], new["template.json"])
    found += _of_words(old["words.json"], new["words.json"])
    found += _of_signals(old["signals.json"], new["signals.json"])
    found += _of_formats(old["formats.json"], new["formats.json"])
    return sorted(set(found))


def _of_words(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> Iterator[Break]:
    for kind, words in old.items():
        for word in sorted(set(words) - set(new.get(kind, ()))):
            yield Break("words", kind, word, f"{word} is gone")
        for word in sorted(set(new.get(kind, ())) - set(words)) if kind in _COMPLETE else ():
            yield Break("words", kind, word, f"{word} is new")


def _of_signals(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    for name, metric in old["metrics"].items():
        # A metric that is gone is one of the words.
        later = new["metrics"].get(name, metric)
        if metric["unit"] != later["unit"]:
            yield Break("metrics", name, name, f"the unit was {metric['unit']}, and is {later['unit']}")
        for names in metric["dimensions"]:
            if names not in later["dimensions"]:
                yield Break("metrics", name, name, f"it has not got the dimensions {', '.join(names)} any more")
    for name, kind in old["messageAttributes"].items():
        later = new["messageAttributes"].get(name)
        if later != kind:
            what = f"its data type was {kind}, and is {later}" if later else "the attribute of the messages is gone"
            yield Break("notifications", f"attribute {name}", name, what)


def _of_formats(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[Break]:
    if new["written"] > old["newestRead"]:
        what = f"the last release reads formats up to {old['newestRead']}, and this one writes {new['written']}"
        yield Break("records", "format", "format", what)
    if new["newestRead"] < old["written"]:
        what = f"the last release writes format {old['written']}, and this one reads up to {new['newestRead']}"
        yield Break("records", "format", "format", what)
