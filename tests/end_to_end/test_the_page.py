"""The page of `relay desk` in a real browser, against the sandbox, with batches in every state."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.desk import desk
from sandbox.gateway import sigv4
from sandbox.paths import SWAGGER_UI
from sandbox.ready import Ready
from sandbox.send import send
from tests.support.browser import CHROMIUM, MISSING, chromium, violations
from tests.support.builders import an_order
from tests.support.waiting import awaited

pytestmark = [
    pytest.mark.xdist_group("sandbox"),
    pytest.mark.skipif(CHROMIUM is None, reason=MISSING),
]

#: How long anything may take, in seconds.
PATIENCE: Final = 90.0
SCRIPT: Final = "<script>document.title='taken over'</script>"


@dataclass(frozen=True)
class World:
    """Orders in every state: the event's id of each."""

    succeeded: str
    partly_failed: str
    refused: str
    failed: str
    in_doubt: str
    held: tuple[str, ...]


def an_event(**changes: object) -> dict[str, Any]:
    number = uuid4().hex[:10]
    lines = [
        {"sku": "1300", "name": f"Comb {SCRIPT}", "quantity": 2, "unit": "pcs", "unitPrice": 449.5, "vatRate": 25},
        {"sku": "1500", "name": "Coffee", "quantity": 3, "unit": "kg", "unitPrice": 189, "vatRate": 15},
    ]
    numbers = {"id": f"evt-{number}", "orderId": f"B-{number}", "invoiceNo": f"N{number}"}
    return an_order(**{**numbers, "lines": lines, **changes})


def sent(ready: Ready, *orders: dict[str, Any]) -> str:
    answer = send(ready.webhook_url, ready.signing_secret, json.dumps(orders))
    assert answer.status_code in (httpx.codes.ACCEPTED, httpx.codes.UNPROCESSABLE_ENTITY)
    return str(orders[0]["id"])


def asked(ready: Ready, path: str) -> Any:  # noqa: ANN401 (JSON)
    url = f"{ready.operators_url}/v1/{path}"
    return httpx.get(url, headers=sigv4.signature("GET", url, b""), timeout=30).json()


def status_of(ready: Ready, event_id: str) -> str:
    return str(asked(ready, f"clients/{ready.client_no}/orders/{quote(event_id, safe='')}").get("status"))


def held_during_an_outage(ready: Ready, arm: ArmControl, count: int) -> tuple[str, ...]:
    arm.add_fault("any", "refuse")
    held = tuple(sent(ready, an_event()) for _ in range(count))
    awaited(lambda: all(status_of(ready, event_id) == "HELD" for event_id in held), PATIENCE)
    arm.clear_faults()
    return held


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    """A sandbox in which an outage of some seconds ends in holds."""
    waits = ["HoldAfterSeconds=15", "LongestPollSeconds=2", "FirstPollSeconds=1", "SettlingSeconds=4"]
    waits += ["FailureSettlingSeconds=3", "UndecidedSeconds=6"]
    parameters = [argument for wait in waits for argument in ("--parameter", wait)]
    with start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running:
        yield running.ready


@pytest.fixture(scope="module")
def world(ready: Ready) -> Iterator[World]:
    arm = ArmControl(ready.arm_control_url or "")
    unnumbered, bad, failing = an_event(invoiceNo=None), an_event(), an_event(customerNo="765432")
    arm.settings(failing_documents=[bad["invoiceNo"]], failing_customers=[failing["customerNo"]])
    succeeded, partly_failed, failed = sent(ready, an_event()), sent(ready, an_event(), bad), sent(ready, failing)
    arm.add_fault("submit", "status", times=1, status=422)
    refused = sent(ready, an_event())
    arm.add_fault("submit", "drop-before", times=1)
    in_doubt = sent(ready, unnumbered)
    awaited(lambda: status_of(ready, failed) == "FAILED" and status_of(ready, in_doubt) == "HELD", PATIENCE)
    held = held_during_an_outage(ready, arm, 4)
    yield World(succeeded, partly_failed, refused, failed, in_doubt, held)
    arm.settings(failing_documents=[], failing_customers=[])


@pytest.fixture(scope="module")
def address(ready: Ready, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("desk") / "ready.json"
    file.write_text(ready.to_json())
    with desk(file, "--no-open") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def of_order(address: str, ready: Ready, event_id: str) -> str:
    return f"{address}order?client={ready.client_no}&id={quote(event_id)}"


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


PLACES: Final = {
    "now": "",
    "nothing found": "search?number=unknown",
    "under way": "batches/unfinished",
    "held": "batches/held",
    "failed": "batches/failed",
    "days": "days",
    "a day": "days/{today}",
    "health": "health",
    "failures to play": "play",
    "an unknown page": "nothing",
    "an unknown order": "order?client={client}&id=unknown",
    "a success": "order?client={client}&id={succeeded}",
    "a partial failure": "order?client={client}&id={partly_failed}",
    "a failure": "order?client={client}&id={failed}",
    "a refusal": "order?client={client}&id={refused}",
    "a hold": "order?client={client}&id={held[0]}",
    "a doubt": "order?client={client}&id={in_doubt}",
}


@pytest.mark.parametrize("place", PLACES)
def test_every_page_can_be_read_by_everybody(place: str, world: World, ready: Ready, page: Page, address: str) -> None:
    today = asked(ready, "health")["checkedAt"] or time.strftime("%Y-%m-%d")
    path = PLACES[place].format(client=ready.client_no, today=today[:10], **vars(world))
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(address + path)
    assert page.get_attribute("html", "lang") == "en"
    assert violations(page) == []

    # A window of 1280 pixels at 200 %.
    page.set_viewport_size({"width": 640, "height": 450})
    assert not scrolls_sideways(page)

    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang=nb")
    assert page.get_attribute("html", "lang") == "nb"
    assert not scrolls_sideways(page)
    assert page.title().endswith("ARM Relay")
    assert said == []


def test_an_order_is_found_by_any_of_its_numbers_and_its_story_is_told(
    world: World, ready: Ready, page: Page, address: str
) -> None:
    story = asked(ready, f"clients/{ready.client_no}/orders/{world.succeeded}")
    for number in (
        world.succeeded,
        story["order"]["orderId"],
        story["order"]["documentNo"],
        story["batchId"],
    ):
        page.goto(address)
        page.get_by_label("Any number").fill(number)
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {world.succeeded}")

    invoice = page.get_by_role("article", name="Invoice")
    expect(invoice).to_contain_text("1\N{NO-BREAK SPACE}775,80\N{NO-BREAK SPACE}kr")
    expect(invoice).to_contain_text("VAT 25 % of 899,00")
    expect(invoice).to_contain_text("27.02.2025")
    steps = page.locator("ol.steps > li")
    expect(steps.first).to_contain_text("Being sent")
    expect(steps.last).to_contain_text("Succeeded")
    expect(page.get_by_text("Document created")).to_be_visible()


@pytest.mark.usefixtures("world")
def test_what_is_in_progress_is_shown_as_it_moves(ready: Ready, page: Page, address: str) -> None:
    arm = ArmControl(ready.arm_control_url or "")
    arm.settings(processing_seconds=8.0)
    pending = sent(ready, an_event())
    arm.settings(processing_seconds=0.2)
    arm.add_fault("any", "refuse")
    queued = sent(ready, an_event())

    page.goto(of_order(address, ready, queued))
    expect(page.locator("#verdict")).to_contain_text("Under way")
    expect(page.locator("ol.steps > li").last).to_contain_text("Waiting to be sent")
    arm.clear_faults()
    page.goto(f"{of_order(address, ready, pending)}&follow=on")
    expect(page.locator("ol.steps")).to_contain_text("ARM is processing it")
    # The page is followed, so it changes by itself.
    expect(page.locator("#verdict")).to_contain_text("Succeeded", timeout=PATIENCE * 1000)


def test_what_an_order_says_is_text(world: World, ready: Ready, page: Page, address: str) -> None:
    page.goto(of_order(address, ready, world.succeeded))

    expect(page.get_by_text(SCRIPT)).to_be_visible()
    assert page.title().startswith(f"Order {world.succeeded}")


def test_ticked_batches_are_released_after_a_dry_run(world: World, ready: Ready, page: Page, address: str) -> None:
    chosen = world.held[:2]
    batches = [asked(ready, f"clients/{ready.client_no}/orders/{event_id}")["batchId"] for event_id in chosen]
    page.goto(f"{address}batches/held")
    for batch_id in batches:
        page.get_by_label(f"Tick batch {batch_id}").check()
    expect(page.get_by_text("Ticked batches: 2; ")).to_contain_text("3\N{NO-BREAK SPACE}551,60 kr")

    page.get_by_role("button", name="Dry run: show").click()
    expect(page.get_by_text("2 of 2 batches would be touched.")).to_be_visible()
    expect(page.get_by_role("row", name=batches[0])).to_contain_text("It is sent to ARM.")
    assert {status_of(ready, event_id) for event_id in chosen} == {"HELD"}

    page.get_by_label("Reason").fill("the outage is over")
    page.get_by_role("button", name="Release them").click()
    page.wait_for_url(f"{address}results/*")
    expect(page.get_by_role("status")).to_have_text("Done: 2. Not done: 0.")
    awaited(lambda: {status_of(ready, event_id) for event_id in chosen} == {"SUCCEEDED"}, PATIENCE)
    page.goto(of_order(address, ready, chosen[0]))
    expect(page.locator("li.operator")).to_contain_text("the outage is over")


def test_all_batches_of_a_cause_are_released_by_keyboard_alone(
    world: World, ready: Ready, page: Page, address: str
) -> None:
    page.goto(f"{address}batches/held")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    button = page.get_by_role("button", name="Release all: dry run (took too long")
    tabbed_to(page, button.evaluate_handle("element => element"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}plan")
    expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
    tabbed_to(page, page.get_by_label("Reason").evaluate_handle("element => element"))
    page.keyboard.type("the outage is over")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/redrives/"))

    # It follows the redrive by itself.
    expect(page.get_by_role("heading", level=2)).to_contain_text("Done", timeout=PATIENCE * 1000)
    awaited(lambda: {status_of(ready, event_id) for event_id in world.held[2:]} == {"SUCCEEDED"}, PATIENCE)


def test_the_checker_of_accessibility_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<title>x</title><input><img src='x'>")

    assert {each.partition(":")[0] for each in violations(page)} >= {"html-has-lang", "image-alt", "label"}


def tabbed_to(page: Page, element: Any) -> None:  # noqa: ANN401 (a handle)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("element => element === document.activeElement", element):
            return
    raise AssertionError("the keyboard does not lead there")


def test_a_failed_batch_is_retried(world: World, ready: Ready, page: Page, address: str) -> None:
    ArmControl(ready.arm_control_url or "").settings(failing_customers=[])
    page.goto(of_order(address, ready, world.failed))
    page.get_by_label("Retry").check()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_label("Reason").fill("the customer exists now")
    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_role("status")).to_have_text("Done: 1. Not done: 0.")
    expect(page.get_by_text("New batch:")).to_be_visible()
    awaited(lambda: status_of(ready, world.failed) == "SUCCEEDED", PATIENCE)


def test_a_batch_that_arm_may_have_is_sent_again_only_on_a_persons_word(
    world: World, ready: Ready, page: Page, address: str
) -> None:
    page.goto(of_order(address, ready, world.in_doubt))
    page.get_by_label("Send again on my word").check()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_label("Reason").fill("looked it up")
    page.get_by_role("button", name="Send again").click()
    # The browser asks for the tick first.
    assert page.url == f"{address}review"
    assert status_of(ready, world.in_doubt) == "HELD"

    page.get_by_label("I have looked in ARM").check()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status")).to_have_text("Done: 1. Not done: 0.")


@pytest.mark.usefixtures("world")
def test_a_day_is_downloaded_as_a_spreadsheet_reads_it(page: Page, address: str) -> None:
    page.goto(f"{address}days")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV").click()
    text = Path(downloading.value.path()).read_text("utf-8-sig")

    header, *rows = text.splitlines()
    assert header.startswith("date;timeZone;event;clientNo;currency;documentType;status;orders;total;")
    assert any(re.fullmatch(r"[\d-]+;[^;]+;ended;2218;NOK;IN;SUCCEEDED;\d+;\d+,\d+;0;so far;\S+", row) for row in rows)


@pytest.mark.usefixtures("world")
def test_a_newcomer_plays_a_failure_and_sees_what_becomes_of_an_order(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Practise failures").click()
    page.get_by_label("ARM refuses the next order").check()
    page.get_by_role("button", name="Let it happen").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("status").get_by_role("link").click()

    expect(page.locator("#verdict")).to_contain_text("Refused")


def test_the_language_is_the_browsers_until_the_person_chooses(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="nb-NO")
    page = context.new_page()
    page.goto(address)
    assert page.get_attribute("html", "lang") == "nb"
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Health").click()

    assert page.get_attribute("html", "lang") == "en"
    context.close()


def test_nobody_without_the_address_gets_in(address: str) -> None:
    place = urlsplit(address)
    origin = f"http://{place.netloc}"

    assert httpx.get(f"{origin}/").status_code == httpx.codes.NOT_FOUND
    assert httpx.get(f"{origin}/{'x' * 43}/").status_code == httpx.codes.NOT_FOUND
    assert httpx.get(f"{origin}/static/page.css").status_code == httpx.codes.NOT_FOUND
    for host in ("desk.example", f"desk.example:{place.port}", f"localhost:{place.port}"):
        refused = httpx.get(address, headers={"Host": host})
        assert (refused.status_code, "Held" in refused.text) == (httpx.codes.MISDIRECTED_REQUEST, False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_other_site_can_post(headers: dict[str, str], address: str) -> None:
    answer = httpx.post(f"{address}plan", data={"action": "ask"}, headers=headers)

    assert (answer.status_code, answer.text) == (httpx.codes.FORBIDDEN, "The desk answers no other site.\n")


def test_a_form_without_its_token_is_refused(address: str) -> None:
    answer = httpx.post(f"{address}plan", data={"action": "ask"}, headers={"Sec-Fetch-Site": "same-origin"})

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "earlier run" in answer.text


def test_no_other_site_can_frame_the_page_or_post_to_it(context: BrowserContext, address: str) -> None:
    """Another origin, even on this machine, that knows the whole address."""
    elsewhere = context.new_page()
    answers: list[int] = []
    elsewhere.on("response", lambda answer: answers.append(answer.status) if answer.url.startswith(address) else None)
    elsewhere.route(
        "http://127.0.0.1:9/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<iframe src="{address}"></iframe><form method="post" action="{address}begin"><button></button>',
        ),
    )
    elsewhere.goto("http://127.0.0.1:9/")
    assert all("Held" not in (frame.content() if frame.url.startswith(address) else "") for frame in elsewhere.frames)

    elsewhere.get_by_role("button").click()
    elsewhere.wait_for_url(f"{address}begin")
    assert elsewhere.inner_text("body").strip() == "The desk answers no other site."
    assert set(answers) == {403}


@pytest.mark.skipif(not SWAGGER_UI.exists(), reason="Swagger UI is not installed: there is no npm on the PATH")
def test_the_sandboxs_api_page_signs_what_is_tried_out(context: BrowserContext, ready: Ready) -> None:
    page = context.new_page()
    page.goto(ready.webhook_url.partition("/v1/")[0])
    for summary in ("Ask what has become of 1 to 100 orders", "Show whether the relay can"):
        operation = page.locator(".opblock", has_text=summary)
        operation.locator("button.opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()
        expect(operation.locator(".live-responses-table .response .response-col_status")).to_contain_text("200")
