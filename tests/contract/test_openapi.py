"""functions/webhook/openapi.json is what the code says now, is valid, and has the template's routes and no other."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from sandbox.paths import ROOT
from tests.support.api_gateway import ROUTES
from tests.support.template import transformed
from tools.openapi import OPENAPI, READERS, Reader, document, operations, to_text
from tools.route_table import PAGE, with_table

DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text())

OPERATIONS: list[dict[str, Any]] = [
    operation for methods in DOCUMENT["paths"].values() for operation in methods.values() if isinstance(operation, dict)
]
#: The kinds of bodies there are: of requests, and of answers by status.
BODIES = [
    *(
        ("request", media)
        for operation in OPERATIONS
        for media in operation.get("requestBody", {"content": {}})["content"].values()
    ),
    *(
        (status, media)
        for operation in OPERATIONS
        for status, response in operation["responses"].items()
        for media in response.get("content", {}).values()
    ),
]
EXAMPLES = [
    (status, media["schema"], example["value"])
    for status, media in BODIES
    for example in media.get("examples", {}).values()
]
#: Of API Gateway's own making, or this very document.
WITHOUT_EXAMPLE = (
    {"$ref": "#/components/schemas/Message"},
    {"type": "object", "description": "An OpenAPI document."},
)


def test_the_document_is_what_the_code_says_now() -> None:
    assert OPENAPI.read_text() == to_text(document()), "run make openapi"


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_the_document_has_the_templates_routes() -> None:
    resources = transformed()["Resources"]
    by_iam = {
        (method.upper(), path.replace("+}", "}")): operation.get("security") == [{"AWS_IAM": []}]
        for api in ("Api", "OperatorsApi")
        for path, methods in resources[api]["Properties"]["Body"]["paths"].items()
        for method, operation in methods.items()
    }

    described = {
        (method.upper(), path): operation["security"] == [{"iam": []}]
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    }
    assert described == by_iam


@pytest.mark.parametrize(("status", "schema", "example"), EXAMPLES)
def test_an_example_keeps_its_schema(status: str, schema: dict[str, Any], example: Any) -> None:  # noqa: ANN401 (JSON)
    whole = schema | {"components": DOCUMENT["components"]}

    assert list(Draft202012Validator(whole).iter_errors(example)) == []
    if "type" in example and str(example["type"]).startswith("urn:"):
        assert example["status"] == int(status)


def test_every_body_has_an_example() -> None:
    bare = [(status, media["schema"]) for status, media in BODIES if not media.get("examples")]

    assert [(status, schema) for status, schema in bare if schema not in WITHOUT_EXAMPLE] == []


def test_the_document_has_the_routes_of_both_functions() -> None:
    assert set(operations()) == {route.replace("+}", "}") for route in ROUTES}


def test_the_table_of_routes_is_what_the_functions_say_now() -> None:
    assert with_table(PAGE.read_text()) == PAGE.read_text(), "run make reference"
    assert all(f"| `{route}` |" in PAGE.read_text() for route in ROUTES)


def test_every_route_is_grouped_by_its_reader_and_the_operators_have_a_server_of_their_own() -> None:
    tags = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    readers = {path: {op["tags"][0] for op in ops.values() if isinstance(op, dict)} for path, ops in paths()}
    own = {path for path, methods in paths() if "servers" in methods}

    assert tags == {reader.value: text for reader, text in READERS.items()}
    assert set().union(*readers.values()) == set(tags)
    assert own == {path for path, names in readers.items() if names == {Reader.OPERATORS}}
    assert {name for path, names in readers.items() if len(names) > 1 for name in names} == set()


def paths() -> list[tuple[str, dict[str, Any]]]:
    return list(DOCUMENT["paths"].items())


def test_every_schema_has_a_description() -> None:
    bare = [name for name, schema in DOCUMENT["components"]["schemas"].items() if not schema.get("description")]

    assert bare == []


def test_the_guides_that_the_document_names_exist() -> None:
    guides = re.findall(r"`(docs/[^`]+)`", OPENAPI.read_text())

    assert guides
    assert [guide for guide in guides if not (ROOT / guide).exists()] == []
