"""What breaks between two JSON Schemas of one thing. Pure.

What the relay receives breaks where the new schema allows less: a sender's request that was right is refused. What it
sends breaks where the new schema promises less: a field may be missing, or hold something new. Where it cannot be told
which of two texts allows more (a pattern, a condition), every change counts as a break; so does a change of a keyword
that is not known here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

type Schema = Mapping[str, Any]

#: Larger is narrower.
_LOWEST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
#: Smaller is narrower.
_HIGHEST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
#: A change of these says nothing of its direction.
_OPAQUE: Final = (
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "format",
    "if",
    "maxContains",
    "minContains",
    "multipleOf",
    "not",
    "pattern",
    "patternProperties",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
)
#: Schemas within a schema, and how their place is written.
_PARTS: Final = {"items": "[]", "additionalProperties": ".*", "propertyNames": " (name)", "then": "", "else": ""}
_ALTERNATIVES: Final = ("anyOf", "oneOf")
#: What says nothing of the values that are allowed.
_ANNOTATIONS: Final = frozenset(
    {"$comment", "$defs", "$id", "$schema", "deprecated", "description", "example", "examples", "title"}
)
_KNOWN: Final = _ANNOTATIONS | {
    *("$ref", "allOf", "const", "default", "enum", "properties", "required", "type"),
    *(*_LOWEST, *_HIGHEST, *_OPAQUE, *_PARTS, *_ALTERNATIVES),
}
#: The keywords whose value is a schema for each name: there "title" is a name, and no annotation.
_BY_NAME: Final = frozenset({"dependentSchemas", "patternProperties", "properties"})


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """Something that outsiders may depend on, and that is different now."""

    #: The file of the contract.
    contract: str
    #: Where in it.
    place: str
    #: What CHANGELOG.md has to name: a field, a parameter, a route.
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents that hold schemas, and the direction in which what they describe travels."""

    contract: str
    old: Schema
    new: Schema
    is_received: bool
    #: The pairs of references on the way here: a schema may hold itself.
    seen: frozenset[tuple[str, str]] = frozenset()

    def breaks(self, old: Schema | bool, new: Schema | bool, place: str, subject: str) -> Iterator[Break]:  # noqa: FBT001 (JSON Schema's true and false)
        """What breaks where the first schema becomes the second."""
        old, new = _as_object(old), _as_object(new)
        references = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if any(references):
            if references in self.seen:
                return
            inner = replace(self, seen=self.seen | {references})
            yield from inner.breaks(resolved(self.old, old), resolved(self.new, new), place, subject)
            return
        for what in self._of_values(old, new):
            yield Break(self.contract, place, subject, what)
        yield from self._of_properties(old, new, place)
        yield from self._of_parts(old, new, place, subject)

    def _of_values(self, old: Schema, new: Schema) -> Iterator[str]:
        """The schema's own rules."""
        yield from self._of_choices("type", _types(old), _types(new))
        yield from self._of_choices("value", _values(old), _values(new))
        narrow, wide = (new, old) if self.is_received else (old, new)
        for names, sign in ((_LOWEST, 1), (_HIGHEST, -1)):
            for name in names:
                if name in narrow and (name not in wide or sign * narrow[name] > sign * wide[name]):
                    yield f"{name} was {old.get(name, 'not there')}, and is {new.get(name, 'not there')}"
        yield from self._of_texts(old, new, narrow)
        if self.is_received and "default" in old and old["default"] != new.get("default"):
            yield f"the default was {old['default']}, and is {new.get('default', 'not there')}"

    def _of_texts(self, old: Schema, new: Schema, narrow: Schema) -> Iterator[str]:
        """Of keywords of which it cannot be told what allows more."""
        # A rule that goes loosens what is received, and one that comes tightens what is sent.
        names = [name for name in _OPAQUE if name in narrow]
        for name in (*names, *sorted((old.keys() | new.keys()) - _KNOWN)):
            if self._differs(name, old, new):
                yield f"{name} was {old.get(name, 'not there')}, and is {new.get(name, 'not there')}"

    def _differs(self, name: str, old: Schema, new: Schema) -> bool:
        """Whether a keyword means something else: with what it refers to, without descriptions."""
        if (name in old) != (name in new):
            return True
        olds, news = {name: old.get(name)}, {name: new.get(name)}
        return bool(_meaning(self.old, olds) != _meaning(self.new, news))

    def _of_choices(self, name: str, old: frozenset[str] | None, new: frozenset[str] | None) -> Iterator[str]:
        """Of types or values, of which None allows all."""
        narrow, wide = (new, old) if self.is_received else (old, new)
        if narrow is None or (wide is not None and wide <= narrow):
            return
        which = ", ".join(sorted(wide - narrow)) if wide is not None else "any"
        yield f"the {name} {which} {'is not allowed any more' if self.is_received else 'is new'}"

    def _of_properties(self, old: Schema, new: Schema, place: str) -> Iterator[Break]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        needed, left = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(olds.keys() - news.keys()):
            yield Break(self.contract, f"{place}.{name}", name, "the field is gone")
        for name in sorted(left - needed) if self.is_received else ():
            yield Break(self.contract, f"{place}.{name}", name, "the field is required now")
        for name in sorted((needed - left) - (olds.keys() - news.keys())) if not self.is_received else ():
            yield Break(self.contract, f"{place}.{name}", name, "the field may be missing now")
        for name in sorted(olds.keys() & news.keys()):
            yield from self.breaks(olds[name], news[name], f"{place}.{name}", name)

    def _of_parts(self, old: Schema, new: Schema, place: str, subject: str) -> Iterator[Break]:
        for name, suffix in _PARTS.items():
            if name in old or name in new:
                yield from self.breaks(old.get(name, True), new.get(name, True), place + suffix, subject)
        for name in (*_ALTERNATIVES, "allOf"):
            yield from self._of_lists(name, (old.get(name, ()), new.get(name, ())), place, subject)

    def _of_lists(
        self, name: str, lists: tuple[Sequence[Schema], Sequence[Schema]], place: str, subject: str
    ) -> Iterator[Break]:
        """Of alternatives, or of rules that hold together."""
        olds, news = lists
        same = [schema for schema in olds if schema in news]
        gone, come = _unlike(olds, news), _unlike(news, olds)
        is_changed = len(gone) == len(come)
        # The same text may refer to something that has changed.
        for old, new in zip(*((same + gone, same + come) if is_changed else (same, same)), strict=True):
            yield from self.breaks(old, new, place, subject)
        if not is_changed and (_breadth(name, news) < _breadth(name, olds)) == self.is_received:
            yield Break(self.contract, place, subject, f"{name} had {len(olds)} entries, and has {len(news)}")


def _breadth(name: str, schemas: Sequence[Schema]) -> float:
    """How much a list allows, compared with a list of another length: alternatives widen, and no list allows all."""
    if name in _ALTERNATIVES:
        return len(schemas) or float("inf")
    return -len(schemas)


def _as_object(schema: Schema | bool) -> Schema:  # noqa: FBT001 (as above)
    if isinstance(schema, bool):
        return {} if schema else {"enum": []}
    return schema


def resolved(document: Schema, schema: Schema) -> Schema:
    """What a part of a document refers to, or the part itself where it does not.

    Raises:
        KeyError: the document has no such part.
    """
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    # In draft 2020-12, what stands beside a reference holds, too.
    beside = {name: value for name, value in schema.items() if name != "$ref"}
    return {**found, **beside}


def _meaning(document: Schema, value: Any, seen: frozenset[str] = frozenset(), *, by_name: bool = False) -> Any:  # noqa: ANN401 (any JSON)
    """A value with what it refers to in the references' place, and without annotations."""
    if isinstance(value, list):
        return [_meaning(document, each, seen) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        return _meaning(document, resolved(document, value), seen | {reference})
    return {
        name: _meaning(document, each, seen, by_name=not by_name and name in _BY_NAME)
        for name, each in value.items()
        if by_name or name not in _ANNOTATIONS
    }


def _types(schema: Schema) -> frozenset[str] | None:
    types = schema.get("type")
    if types is None:
        return None
    names = {types} if isinstance(types, str) else set(types)
    return frozenset(names | {"integer"} if "number" in names else names)


def _values(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({json.dumps(schema["const"])})
    return frozenset(map(json.dumps, schema["enum"])) if "enum" in schema else None


def _unlike(some: Sequence[Schema], others: Sequence[Schema]) -> list[Schema]:
    return [schema for schema in some if schema not in others]
