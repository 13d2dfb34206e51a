"""The recipes of the guide for senders: each is an order that the relay takes, and comes to the total it states."""

import json
from datetime import date
from typing import Any

import pytest
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes

from tests.support.doc_examples import DOCS, examples

PAGE = "sending-orders.md"
DRAFTS = Drafts(ArmCodes(user_id="TestUser", credit_note_type="CN"), lambda: date(2025, 3, 1))

RECIPES: list[list[dict[str, Any]]] = [
    content if isinstance(content, list) else [content] for content in map(json.loads, examples(PAGE, "json"))
]
ORDERS = [order for recipe in RECIPES for order in recipe]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe[0]["id"]))
def test_a_recipe_comes_to_the_total_it_states(recipe: list[dict[str, Any]]) -> None:
    request = DRAFTS.read(json.dumps(recipe).encode())

    assert request.faults == ()
    documents = json.loads(DRAFTS.payload(request.valid))["documents"]
    for order, document in zip(recipe, documents, strict=True):
        stated, made = order["expectedTotal"], document["currencyAmounts"]
        assert {name: float(stated[name]) for name in ("net", "vat", "gross")} == {
            "net": made["exclVat"],
            "vat": made["vat"],
            "gross": made["inclVat"],
        }


@pytest.mark.parametrize("part", ["net", "vat", "gross"])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: str(order["id"]))
def test_a_recipe_with_another_total_is_a_fault(order: dict[str, Any], part: str) -> None:
    spoiled = order | {"expectedTotal": {part: float(order["expectedTotal"][part]) + 1}}

    (fault,) = DRAFTS.read(json.dumps(spoiled).encode()).faults

    assert fault.pointer == f"/expectedTotal/{part}"


def test_every_recipe_has_an_order_and_no_two_share_a_number() -> None:
    text = (DOCS / PAGE).read_text().split("## Recipes\n")[1].split("\n### Other cases")[0]

    assert text.count("\n### ") == len(RECIPES)
    for field in ("id", "invoiceNo"):
        assert len({order[field] for order in ORDERS}) == len(ORDERS)
