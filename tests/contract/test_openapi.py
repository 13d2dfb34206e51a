"""functions/webhook/openapi.json is what the code says now, is valid, and has the template's routes and no other."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.template import transformed
from tools.openapi import OPENAPI, document, to_text

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
        for media in response["content"].values()
    ),
]
EXAMPLES = [
    (status, media["schema"], example["value"])
    for status, media in BODIES
    for example in media.get("examples", {}).values()
]
#: Of API Gateway's own making, or this very document.
WITHOUT_EXAMPLE = ({"$ref": "#/components/schemas/Message"}, {"type": "object"})


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
        if method != "parameters"
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
