"""What breaks between the contracts of two releases. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.release.schemas import Break, Comparison

#: The schemas that stand alone, and whether the relay receives what they describe.
SCHEMAS: Final = {
    "orders.schema.json": True,
    "arm-contract.schema.json": True,
    "notification.schema.json": False,
}
METHODS: Final = ("get", "post", "put", "patch", "delete")


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Break]:
    """What outsiders who rely on the first contracts find broken with the second ones."""
    # The description of the API is large; most of the time it has not changed.
    found = [*_of_api(old["openapi.json"], new["openapi.json"])] if old["openapi.json"] != new["openapi.json"] else []
    for name, is_received in SCHEMAS.items():
        comparison = Comparison(name, old[name], new[name], is_received)
        found += comparison.breaks(old[name], new[name], name.removesuffix(".schema.json"), name)
    found += _of_template(old["template.json"], new["template.json"])
    found += _of_words(old["words.json"], new["words.json"])
    found += _of_formats(old["formats.json"], new["formats.json"])
    return sorted(set(found))


def _of_api(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    for path, operations in old["paths"].items():
        for method in METHODS:
            if method not in operations:
                continue
            route = f"{method.upper()} {path}"
            later = new["paths"].get(path, {})
            if method not in later:
                yield Break("openapi.json", route, route, "the route is gone")
            else:
                yield from _of_route(route, (old, new), _whole(operations, method), _whole(later, method))


def _whole(operations: Mapping[str, Any], method: str) -> dict[str, Any]:
    """An operation with the parameters of its path."""
    operation = operations[method]
    return {**operation, "parameters": [*operations.get("parameters", ()), *operation.get("parameters", ())]}


def _of_route(
    route: str, documents: tuple[Mapping[str, Any], Mapping[str, Any]], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Break]:
    received = Comparison("openapi.json", *documents, is_received=True)
    sent = Comparison("openapi.json", *documents, is_received=False)
    if old.get("security") != new.get("security"):
        yield Break("openapi.json", route, route, "who may call it, and how that is shown, has changed")
    yield from _of_parameters(route, received, old, new)
    bodies = old.get("requestBody", {}), new.get("requestBody", {})
    if bodies[1].get("required") and not bodies[0].get("required"):
        yield Break("openapi.json", route, route, "a body is required now")
    yield from _of_content(received, bodies[0], bodies[1], f"{route}, request", route)
    for status, answer in old["responses"].items():
        place = f"{route}, answer {status}"
        if status in new["responses"]:
            yield from _of_content(sent, answer, new["responses"][status], place, route)
        elif status.startswith("2"):
            yield Break("openapi.json", place, route, "the answer is gone")


def _of_parameters(route: str, received: Comparison, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    olds, news = _by_name(old), _by_name(new)
    for key, parameter in olds.items():
        place = f"{route}, {key}"
        if key in news:
            yield from received.breaks(parameter["schema"], news[key]["schema"], place, parameter["name"])
        else:
            yield Break("openapi.json", place, parameter["name"], "the parameter is gone")
    for key, parameter in news.items():
        if parameter.get("required") and not olds.get(key, {}).get("required"):
            yield Break("openapi.json", f"{route}, {key}", parameter["name"], "the parameter is required now")


def _by_name(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{parameter['in']} {parameter['name']}": parameter for parameter in operation["parameters"]}


def _of_content(
    comparison: Comparison, old: Mapping[str, Any], new: Mapping[str, Any], place: str, route: str
) -> Iterator[Break]:
    for kind, content in old.get("content", {}).items():
        later = new.get("content", {}).get(kind)
        if later is None:
            yield Break("openapi.json", place, route, f"{kind} is gone")
        else:
            yield from comparison.breaks(content.get("schema", {}), later.get("schema", {}), place, route)


def _of_template(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    olds, news = old["parameters"], new["parameters"]
    for name, parameter in olds.items():
        whats = _of_parameter(parameter, news[name]) if name in news else ["the parameter is gone"]
        yield from (Break("template.yaml", f"parameter {name}", name, what) for what in whats)
    for name in sorted(news.keys() - olds.keys()):
        if "Default" not in news[name]:
            yield Break("template.yaml", f"parameter {name}", name, "the parameter is new, and has no default")
    for name in sorted(set(old["outputs"]) - set(new["outputs"])):
        yield Break("template.yaml", f"output {name}", name, "the output is gone")


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


def _of_words(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> Iterator[Break]:
    for kind, words in old.items():
        for word in sorted(set(words) - set(new.get(kind, ()))):
            yield Break("words", kind, word, f"{word} is gone")


def _of_formats(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[Break]:
    if new["written"] > old["newestRead"]:
        what = f"the last release reads formats up to {old['newestRead']}, and this one writes {new['written']}"
        yield Break("records", "format", "format", what)
    if new["newestRead"] < old["written"]:
        what = f"the last release writes format {old['written']}, and this one reads up to {new['newestRead']}"
        yield Break("records", "format", "format", what)
