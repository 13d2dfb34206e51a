"""What breaks between the templates of two releases: for deployers, and for whoever reads a stack. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.release.schemas import Break

_CONTRACT: Final = "template.yaml"
#: Kinds of entries of which none may go or change, and what one of them is called.
_FIXED: Final = {
    "outputs": "output",
    "resources": "resource",
    "alarms": "alarm name",
    "environment": "environment variable",
    "functions": "setting of the functions",
}


def of_template(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    """What deployers find broken, and readers of a stack."""
    yield from _of_parameters(old["parameters"], new["parameters"])
    for kind, word in _FIXED.items():
        for name, entry in old[kind].items():
            yield from (
                Break(_CONTRACT, f"{word} {name}", name, what) for what in _of_entry(word, entry, new[kind].get(name))
            )
    # A rule less refuses less; a condition that is gone shows in what it decided about.
    for name, rule in new["rules"].items():
        if rule != old["rules"].get(name):
            what = (
                "the rule has changed" if name in old["rules"] else "the rule is new: it may refuse what was deployed"
            )
            yield Break(_CONTRACT, f"rule {name}", name, what)
    for name, condition in old["conditions"].items():
        if name in new["conditions"] and condition != new["conditions"][name]:
            what = f"the condition was {condition}, and is {new['conditions'][name]}"
            yield Break(_CONTRACT, f"condition {name}", name, what)


def _of_entry(word: str, old: object, new: object) -> Iterator[str]:
    if new is None:
        yield f"the {word} is gone"
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            is_addition = key not in old and key.startswith(("attribute ", "index ", "route "))
            if old.get(key) != new.get(key) and not is_addition:
                yield f"{key} was {old.get(key, 'not there')}, and is {new.get(key, 'not there')}"
    elif old != new:
        yield f"it was {old}, and is {new}"


def _of_parameters(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Iterator[Break]:
    for name, parameter in olds.items():
        whats = _of_parameter(parameter, news[name]) if name in news else ["the parameter is gone"]
        yield from (Break(_CONTRACT, f"parameter {name}", name, what) for what in whats)
    for name in sorted(news.keys() - olds.keys()):
        if "Default" not in news[name]:
            yield Break(_CONTRACT, f"parameter {name}", name, "the parameter is new, and has no default")


def _of_parameter(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in ("Type", "Default", "AllowedPattern"):
        if old.get(key) != new.get(key) and not (key == "AllowedPattern" and key not in new):
            yield f"{key} was {old.get(key, 'not there')}, and is {new.get(key, 'not there')}"
    gone = sorted(map(str, set(old.get("AllowedValues", ())) - set(new.get("AllowedValues", ()))))
    if "AllowedValues" in new and (gone or "AllowedValues" not in old):
        yield f"AllowedValues has not got {', '.join(gone)} any more" if gone else "AllowedValues is new"
    for key, sign in (("MinValue", 1), ("MinLength", 1), ("MaxValue", -1), ("MaxLength", -1)):
        if key in new and (key not in old or sign * new[key] > sign * old[key]):
            yield f"{key} was {old.get(key, 'not there')}, and is {new[key]}"
