"""The documentation names everything that outsiders touch, in the words of the code."""

import inspect
import json
import re
from pathlib import Path

import pytest
from arm_relay.api.problems import Kind
from arm_relay.batches.batch import OrderStatus, State
from arm_relay.batches.steps import STEPS
from arm_relay.health import Check, Level, Line
from arm_relay.operators.bulk import _parse as _parse_bulk
from arm_relay.operators.forgetting import Forget
from arm_relay.operators.redrive import _parse
from arm_relay.orders.faults import InvalidOrders
from arm_relay.orders.parsing import parse_orders
from arm_relay.webhook.intake import OnInvalid
from arm_relay.webhook.receipts import Conflict, Receipt, Rejected, Taken
from arm_relay.webhook.responses import to_receipt

from tests.support.builders import a_batch
from tests.support.template import template

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def sentences_of(code: object) -> dict[str, str]:
    """Each name with the `#:` comment above it."""
    comments = re.findall(r"^((?: *#: .*\n)+) *(\w+)\b", inspect.getsource(code), re.MULTILINE)  # type: ignore[arg-type]
    return {name: " ".join(line.strip().removeprefix("#: ") for line in text.splitlines()) for text, name in comments}


@pytest.mark.parametrize("kind", [State, OrderStatus])
def test_every_state_and_status_is_described_in_the_sentences_of_the_code(kind: type[State | OrderStatus]) -> None:
    said = sentences_of(kind)

    assert set(said) == {state.name for state in kind}
    for name, sentence in said.items():
        assert f"| {name} | {sentence} |" in (DOCS / "batch-states.md").read_text()


@pytest.mark.parametrize("state", list(State))
def test_the_steps_from_every_state_are_listed(state: State) -> None:
    to = ", ".join(other for other in State if other in STEPS[state])

    assert f"| {state} | {to or 'nothing: it is final'} |" in (DOCS / "architecture.md").read_text()


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: str(kind.slug))
def test_every_kind_of_problem_is_listed_with_its_status(kind: Kind) -> None:
    lines = (DOCS / "api.md").read_text().splitlines()

    assert any(line.startswith(f"| {kind.status} |") and f"`{kind.slug}`" in line for line in lines)


@pytest.mark.parametrize("choice", list(OnInvalid))
def test_every_choice_of_on_invalid_is_described(choice: OnInvalid) -> None:
    assert f"- `{choice.value}`" in (DOCS / "api.md").read_text()


def test_every_outcome_of_an_order_is_listed() -> None:
    known = a_batch()
    new = a_batch(state=State.REFUSED)
    lines: list[Rejected | Taken] = [
        Taken(known.orders[0], known, replayed=True),
        Taken(known.orders[0], known, replayed=False),
        Taken(new.orders[0], new, replayed=False),
        Rejected("evt-2", InvalidOrders([])),
        Rejected("evt-3", Conflict(["evt-3"])),
    ]
    outcomes = [line["outcome"] for line in to_receipt(Receipt(tuple(lines)))["orders"]]

    listed = re.findall(r"^\| `([a-z]+)` \|", (DOCS / "api.md").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(outcomes)


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED, State.REFUSED, State.HELD])
def test_every_type_of_notification_is_listed(state: State) -> None:
    name = state.value.lower().replace("_", "-")

    assert f"`arm-relay.batch.{name}`" in (DOCS / "receiving-results.md").read_text()


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.IN_PROGRESS}))
def test_subscribers_are_told_what_each_status_of_an_order_asks_of_them(status: OrderStatus) -> None:
    assert f"\n| {status} |" in (DOCS / "receiving-results.md").read_text()


def test_every_parameter_is_listed_as_the_template_describes_it() -> None:
    rows = [
        f"| `{name}` | `{parameter['Default']}` | {parameter['Description']} |"
        for name, parameter in template()["Parameters"].items()
    ]

    assert "\n".join(rows) in (DOCS / "configuration.md").read_text()


def test_every_sample_order_is_one_the_relay_takes() -> None:
    samples = sorted((ROOT / "events" / "orders").glob("*.json"))

    assert [len(parse_orders(sample.read_bytes()).valid) for sample in samples] == [1, 1]


def test_every_redrive_shown_is_one_the_relay_takes() -> None:
    shown = re.findall(r"```json\n(.*?)```", (DOCS / "api.md").read_text(), re.DOTALL)

    bodies = [json.loads(text) for text in shown]
    many = [body for body in bodies if "filter" in body]
    one = [body for body in bodies if "filter" not in body and "action" in body]
    (forget,) = [body for body in bodies if "action" not in body]
    assert sorted(body["action"] for body in one) == ["announce", "ask", "close", "resubmit", "retry"]
    assert [(body["action"], body.get("dryRun", False)) for body in many] == [
        ("ask", True),
        ("ask", False),
        ("announce", True),
    ]
    for body in one:
        _parse(json.dumps(body).encode())
    for body in many:
        _parse_bulk(json.dumps(body).encode())
    assert Forget.model_validate(forget).reason


def test_every_section_of_the_runbook_that_the_health_route_names_is_there() -> None:
    for check in Check:
        page, _, anchor = Line(check, Level.OK, "").to_json()["runbook"].partition("#")
        assert is_there(ROOT / page, anchor)


def is_there(page: Path, anchor: str) -> bool:
    """Whether a page exists, and has the heading that GitHub gives this anchor."""
    if not page.exists() or not anchor:
        return page.exists()
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_the_pages_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]

    broken = [
        (page.name, link)
        for page in pages
        for link, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", page.read_text())
        if not is_there(page.parent / link if link else page, anchor)
    ]

    assert broken == []
