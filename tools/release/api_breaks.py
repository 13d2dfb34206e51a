"""What breaks between two descriptions of the API. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.release.schemas import Break, Comparison, resolved

METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_CONTRACT: Final = "openapi.json"
#: What an operation has from its path or from the whole document where it says nothing.
_INHERITED: Final = ("security", "servers")
#: Of a parameter: what is compared in another way, or says nothing to a program.
_NOT_FORM: Final = frozenset(
    {"content", "deprecated", "description", "example", "examples", "in", "name", "required", "schema"}
)

type Part = Mapping[str, Any]


def of_api(old: Part, new: Part) -> Iterator[Break]:
    """What senders and operators find broken."""
    documents = _Documents(old, new)
    yield from _of_schemes(old, new)
    for path, operations in old["paths"].items():
        for method in METHODS:
            if method not in operations:
                continue
            route = f"{method.upper()} {path}"
            later = new["paths"].get(path, {})
            if method not in later:
                yield Break(_CONTRACT, route, route, "the route is gone")
            else:
                yield from _Route(route, documents).breaks(_whole(old, operations, method), _whole(new, later, method))


def _whole(document: Part, operations: Part, method: str) -> dict[str, Any]:
    """An operation with what its path and the whole document say for it, and with what it refers to."""
    operation = operations[method]
    whole = {name: place[name] for place in (document, operations, operation) for name in _INHERITED if name in place}
    parameters = [*operations.get("parameters", ()), *operation.get("parameters", ())]
    whole["parameters"] = [resolved(document, each) for each in parameters]
    whole["requestBody"] = resolved(document, operation.get("requestBody", {}))
    whole["responses"] = {status: resolved(document, each) for status, each in operation["responses"].items()}
    return {**operation, **whole}


def _of_schemes(old: Part, new: Part) -> Iterator[Break]:
    olds, news = (each.get("components", {}).get("securitySchemes", {}) for each in (old, new))
    for name, scheme in olds.items():
        if _without_words(resolved(old, scheme)) != _without_words(resolved(new, news.get(name, {}))):
            yield Break(_CONTRACT, f"security scheme {name}", name, "how a caller shows who it is has changed")


def _without_words(part: Part) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "description"}


@dataclass(frozen=True, slots=True)
class _Documents:
    old: Part
    new: Part

    def comparison(self, *, is_received: bool) -> Comparison:
        return Comparison(_CONTRACT, self.old, self.new, is_received)


@dataclass(frozen=True, slots=True)
class _Route:
    name: str
    documents: _Documents

    def breaks(self, old: Part, new: Part) -> Iterator[Break]:
        """What breaks in a route that is in both."""
        if old.get("security", []) != new.get("security", []):
            yield self._break("who may call it, and how that is shown, has changed")
        if old.get("operationId") != new.get("operationId"):
            yield self._break(f"operationId was {old.get('operationId')}, and is {new.get('operationId')}")
        urls = [[server["url"] for server in each.get("servers", [{"url": "/"}])] for each in (old, new)]
        for url in urls[0]:
            if url not in urls[1]:
                yield self._break(f"the server {url} is gone")
        yield from self._of_parameters(old, new)
        yield from self._of_body(old["requestBody"], new["requestBody"])
        yield from self._of_answers(old["responses"], new["responses"])

    def _break(self, what: str, place: str = "") -> Break:
        return Break(_CONTRACT, place or self.name, self.name, what)

    def _of_parameters(self, old: Part, new: Part) -> Iterator[Break]:
        received = self.documents.comparison(is_received=True)
        olds, news = _by_name(old), _by_name(new)
        for key, parameter in olds.items():
            place, name = f"{self.name}, {key}", parameter["name"]
            if key not in news:
                yield Break(_CONTRACT, place, name, "the parameter is gone")
                continue
            yield from received.breaks(parameter.get("schema", {}), news[key].get("schema", {}), place, name)
            yield from self._of_content(received, parameter, news[key], place)
            if _form(parameter) != _form(news[key]):
                yield Break(_CONTRACT, place, name, "the parameter is written in another way")
        for key, parameter in news.items():
            if parameter.get("required") and not olds.get(key, {}).get("required"):
                yield Break(_CONTRACT, f"{self.name}, {key}", parameter["name"], "the parameter is required now")

    def _of_body(self, old: Part, new: Part) -> Iterator[Break]:
        if new.get("required") and not old.get("required"):
            yield self._break("a body is required now")
        received = self.documents.comparison(is_received=True)
        yield from self._of_content(received, old, new, f"{self.name}, request")

    def _of_answers(self, old: Part, new: Part) -> Iterator[Break]:
        sent = self.documents.comparison(is_received=False)
        for status, answer in old.items():
            place = f"{self.name}, answer {status}"
            if status in new:
                yield from self._of_content(sent, answer, new[status], place)
                yield from self._of_headers(answer, new[status], place)
            else:
                yield self._break("the answer is gone", place)
        # Callers have a case for each good answer; of the others they can tell by the first digit.
        for status in sorted(status for status in new.keys() - old.keys() if status.startswith("2")):
            yield self._break("the answer is new", f"{self.name}, answer {status}")

    def _of_headers(self, old: Part, new: Part, place: str) -> Iterator[Break]:
        sent = self.documents.comparison(is_received=False)
        olds, news = _headers(self.documents.old, old), _headers(self.documents.new, new)
        for name, (written, header) in olds.items():
            where = f"{place}, header {written}"
            if name not in news:
                yield Break(_CONTRACT, where, written, "the header is gone")
                continue
            _, later = news[name]
            if header.get("required") and not later.get("required"):
                yield Break(_CONTRACT, where, written, "the header may be missing now")
            yield from sent.breaks(header.get("schema", {}), later.get("schema", {}), where, written)

    def _of_content(self, comparison: Comparison, old: Part, new: Part, place: str) -> Iterator[Break]:
        for kind, content in old.get("content", {}).items():
            later = new.get("content", {}).get(kind)
            if later is None:
                yield self._break(f"{kind} is gone", place)
            else:
                yield from comparison.breaks(content.get("schema", {}), later.get("schema", {}), place, self.name)


def _by_name(operation: Part) -> dict[str, Any]:
    return {f"{parameter['in']} {parameter['name']}": parameter for parameter in operation["parameters"]}


def _form(parameter: Part) -> dict[str, Any]:
    return {name: value for name, value in parameter.items() if name not in _NOT_FORM}


def _headers(document: Part, answer: Part) -> dict[str, tuple[str, Part]]:
    """By their names in small letters, which are all the same to HTTP; beside them the names as written."""
    return {name.lower(): (name, resolved(document, header)) for name, header in answer.get("headers", {}).items()}
