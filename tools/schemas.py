"""`make schemas`: the JSON Schema of what senders post, made from the models that read it.

The models' own schema is not complete. What their validators check is added here, as far as JSON Schema can say it, and
so are the words of `order_fields`.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from arm_relay.orders.currencies import CURRENCIES
from arm_relay.orders.order import CREDITED, INVOICED, Order
from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.orders.values import METADATA_NAME, MOST_ARM_FIELDS, MOST_METADATA, NUMBER
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from sandbox.paths import ROOT
from tools.order_fields import KINDS, NOTES

#: Generated. The notification's schema beside it is written by hand: its messages are plain dicts.
ORDERS_SCHEMA: Final = ROOT / "docs" / "schemas" / "orders.schema.json"


class _Plain(GenerateJsonSchema):
    """Without a title for every field that only repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 (pydantic's signature)
        return False


def orders_schema() -> dict[str, Any]:
    """The schema of the body of `POST /v1/clients/{clientNo}/orders`."""
    _, generated = models_json_schema([(Order, "validation")], schema_generator=_Plain)
    definitions: dict[str, Any] = generated["$defs"]
    for name in ("Amount", "Percent"):
        definitions[name] = _number(definitions[name])
    definitions["Quantity"] = {"allOf": [_ref("Amount"), {"not": {"const": 0}}]}
    definitions["VatRate"] = {"allOf": [_ref("Percent"), {"anyOf": [*_rates()]}]}
    definitions["ArmFields"] |= {"maxProperties": MOST_ARM_FIELDS}
    definitions["Metadata"] |= {
        "maxProperties": MOST_METADATA,
        "propertyNames": {"pattern": f"^{METADATA_NAME.pattern}$"},
        "additionalProperties": _or_null({"type": "string"}),
    }
    definitions["ExpectedTotal"]["anyOf"] = [_given(name) for name in definitions["ExpectedTotal"]["properties"]]
    definitions["Credits"]["oneOf"] = [_given(name) for name in definitions["Credits"]["properties"]]
    for model in NOTES:
        _allow_null(definitions[model.__name__])
    definitions["Order"] |= _between_fields(definitions["Order"])
    # Distinguished by `if`, so that a validator reports only the errors of the kind that was meant.
    definitions["Line"] = {"if": {"required": ["text"]}, "then": _ref("TextLine"), "else": _ref("ItemLine")}
    _describe(definitions)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": "urn:arm-relay:schema:orders",
        "title": "Orders",
        "description": "One order event, or an array of them. The relay checks more than a schema can say.",
        "if": {"type": "array"},
        "then": {"minItems": 1, "maxItems": MAX_ORDERS, "items": _ref("Order")},
        "else": _ref("Order"),
        "$defs": definitions,
    }


def to_text(schema: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _between_fields(order: dict[str, Any]) -> dict[str, Any]:
    """What `parse_orders` and the order's validators ask for beyond single fields."""
    fields = order["properties"]
    changed = {
        "id": _or_null(fields["id"]),
        "currency": _or_null({"enum": sorted(CURRENCIES)}),
        "lines": fields["lines"] | {"minItems": 1},
    }
    both_due = {"required": ["dueDate", "paymentTermsDays"], **_not_null("dueDate", "paymentTermsDays")}
    return {
        "properties": fields | changed,
        "required": [name for name in order["required"] if name != "id"],
        "if": {"properties": {"type": {"const": CREDITED}}},
        "then": {"anyOf": [_given("id"), _given("invoiceNo")], "not": both_due},
        "else": {
            "anyOf": [_given("id"), _given("invoiceNo"), _given("orderId")],
            "oneOf": [_given("dueDate"), _given("paymentTermsDays")],
            "properties": {"type": {"const": INVOICED}, "credits": {"type": "null"}},
        },
    }


def _rates() -> Iterator[dict[str, Any]]:
    """Of no VAT, or of one per cent and more; a string's value is not compared."""
    yield {"const": 0}
    yield {"type": "number", "minimum": 1}
    yield {"type": "string"}


def _allow_null(model: dict[str, Any]) -> None:
    """A field that is null is absent, whatever its name."""
    required = model.get("required", [])
    fields = model["properties"].items()
    model["properties"] = {name: field if name in required else _or_null(field) for name, field in fields}
    model["additionalProperties"] = {"type": "null"}


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    if {"type": "null"} in field.get("anyOf", []):
        return field
    default = {"default": field["default"]} if "default" in field else {}
    return {"anyOf": [{name: value for name, value in field.items() if name != "default"}, {"type": "null"}]} | default


def _number(generated: dict[str, Any]) -> dict[str, Any]:
    """A decimal: pydantic's schema allows more strings, and gives the bounds under names of its own."""
    bounds = {"minimum": generated.get("ge"), "maximum": generated.get("le")}
    number = {"type": "number"} | {name: bound for name, bound in bounds.items() if bound is not None}
    return {"anyOf": [number, {"type": "string", "pattern": f"^{NUMBER.pattern}$"}]}


def _describe(definitions: dict[str, Any]) -> None:
    """Add the words of the field reference."""
    for name, text in KINDS.items():
        definitions[name] = {"description": text} | definitions[name]
    for model, notes in NOTES.items():
        fields = definitions[model.__name__]["properties"]
        for name, note in notes.items():
            fields[name] = {"description": note.description} | fields[name] | {"examples": [note.example]}


def _given(field: str) -> dict[str, Any]:
    return {"required": [field], **_not_null(field)}


def _not_null(*fields: str) -> dict[str, Any]:
    return {"properties": {field: {"not": {"type": "null"}} for field in fields}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    ORDERS_SCHEMA.write_text(to_text(orders_schema()))
