"""`make reference`: the page docs/order-fields.md, made from the words of `order_fields`."""

import json
from typing import Final

from arm_relay.orders.order import (
    Credits,
    Delivery,
    EinvoiceAddress,
    ExpectedTotal,
    ItemLine,
    Order,
    References,
    TextLine,
)
from pydantic import BaseModel

from sandbox.paths import ROOT
from tools.order_fields import KINDS, NOTES, FieldNote
from tools.schemas import orders_schema

PAGE: Final = ROOT / "docs" / "order-fields.md"

#: The sections in the order of the page, each with its title and its opening words.
SECTIONS: Final[tuple[tuple[type[BaseModel], str, str], ...]] = (
    (Order, "The order event", "One event becomes one document in ARM."),
    (ItemLine, "Item lines", "A line that is billed."),
    (TextLine, "Text lines", "A line of text without an amount. It is known by its field `text`."),
    (References, "`references`", "An object."),
    (Delivery, "`delivery`", "An object."),
    (EinvoiceAddress, "`delivery.einvoiceAddress`", "An object."),
    (Credits, "`credits`", "An object, with one of the two."),
    (ExpectedTotal, "`expectedTotal`", "An object, with any of the three."),
)

OPENING: Final = """\
# The fields of an order event

<!-- Written by `make reference` from tools/order_fields.py. -->

Every field that a sender may write: what it means, what happens without it, and where it lands in ARM's document. The
JSON Schema ([orders.schema.json](schemas/orders.schema.json)) and the API's description carry the same words.
[sending-orders.md](sending-orders.md) shows how to send an event and lists what an event
[cannot say yet](sending-orders.md#what-an-order-cannot-say-yet).

`null` means the same as leaving the field out. A field that is not listed here is an error,
and so is a field that appears twice in one object. The length limits are the relay's own: ARM's documentation has none,
as far as we could read it. Where this page says *we assume* or *not documented*, ask Amili before you rely on it.
"""

AMOUNTS: Final = """\
## How amounts are computed

Amounts are in major currency units (kroner, not øre), and rounded half-up to the decimals of the currency: two for
most, none for JPY, three for KWD, two without a currency.

1. For each item line the relay multiplies `quantity` by `unitPrice` and rounds. It takes off the discount, which is
   rounded, too.
2. With net prices that is the line's net amount. VAT is computed from the sum of all lines of one VAT rate, and rounded
   once per rate. With `pricesIncludeVat` it is what the customer pays for the line; the VAT in it is computed from the
   sum in the same way.
3. The VAT of a rate is spread over its lines, so that no line is off by a whole øre. The rest goes to the lines with
   the largest remainders, and of equal ones to the earlier.

So net + VAT = gross holds exactly in every line, and the document's totals are the sums of its lines. With net prices
the VAT of a rate is its net amount times the rate, as EN 16931 asks (BR-CO-17). With `pricesIncludeVat` it is the VAT
in the sum of the prices, which may differ from that by a minor unit: no net amount makes 100.07 with 25 %. A credit
note with the same lines has the same amounts as its invoice.

If your shop rounds VAT line by line, write `"vatRounding": "line"`. If you want to be sure that nothing is billed that
your customer was not shown, write `expectedTotal`. The amounts of a credit note reach ARM with the signs that the
event has, where what is given back is positive, unless the relay's operators configure the other ones: which signs ARM
expects is not documented.
"""


def page() -> str:
    """The whole page."""
    required = {name: definition.get("required", []) for name, definition in orders_schema()["$defs"].items()}
    sections = [_section(model, title, text, required[model.__name__]) for model, title, text in SECTIONS]
    return "\n".join([OPENING, *sections, AMOUNTS, _kinds()])


def _section(model: type[BaseModel], title: str, text: str, required: list[str]) -> str:
    rows = [_row(name, note, is_required=name in required) for name, note in NOTES[model].items()]
    head = "| field | what it means | without it | in ARM's document | example |\n|---|---|---|---|---|"
    return "\n".join([f"## {title}\n\n{text}\n", head, *rows, ""])


def _row(name: str, note: FieldNote, *, is_required: bool) -> str:
    without = "**required**" if is_required else note.absent
    example = json.dumps(note.example, ensure_ascii=False)
    return f"| `{name}` | {note.means} | {without} | {note.arm} | `{example}` |"


def _kinds() -> str:
    rows = [f"| {name} | {text} |" for name, text in KINDS.items()]
    head = "## Kinds of values\n\nAs the JSON Schema names them:\n\n| kind | what it allows |\n|---|---|"
    return "\n".join([head, *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
