from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.answers import Evidence, OrderEvidence
from desk.page.invoices import invoice_of
from desk.page.stories import steps_of
from desk.page.views.parts import Parts
from desk.presence import presence_of

#: Which actions a batch can take, by its status.
ACTIONS: Final = {
    "HELD": ("ask", "resubmit", "close", "announce"),
    "PARTIALLY_FAILED": ("retry", "announce"),
    "FAILED": ("retry", "announce"),
    "REFUSED": ("retry", "announce"),
    "SUCCEEDED": ("announce",),
}


def search(parts: Parts, request: Request) -> Response:
    """Find orders by any number; the only one is shown at once."""
    number = request.query_params.get("number", "").strip()
    client_no = request.query_params.get("client", "").strip()
    found = parts.inquiries.search(number, client_no) if number else []
    if len(found) == 1:
        link = request.url.replace(path=f"{request.scope['root_path']}/order")
        (only,) = found
        target = link.replace(query="").include_query_params(client=only["clientNo"], id=only["order"]["id"])
        return RedirectResponse(str(target), HTTPStatus.SEE_OTHER)
    return parts.pages.write(request, "search.html", number=number, client_no=client_no, found=found)


def show_order(parts: Parts, request: Request) -> Response:
    """What became of one order."""
    client_no, order_id = _named(request)
    story = parts.relay.order(client_no, order_id)
    return _story(parts, request, story, [story["order"]], order_id)


def show_batch(parts: Parts, request: Request) -> Response:
    """What became of one batch."""
    client_no, batch_id = _named(request)
    story = parts.relay.batch(client_no, batch_id)
    return _story(parts, request, story, story["orders"], None)


def _named(request: Request) -> tuple[str, str]:
    return request.query_params.get("client", ""), request.query_params.get("id", "")


def _story(
    parts: Parts, request: Request, story: Evidence, orders: Sequence[OrderEvidence], order_id: str | None
) -> Response:
    return parts.pages.write(
        request,
        "story.html",
        story=story,
        order_id=order_id,
        orders=[(order, invoice_of(order["document"]) if order["document"] else None) for order in orders],
        steps=steps_of(story, orders),
        presence=presence_of(story, orders[0] if order_id else None),
        actions=ACTIONS.get(story["status"], ()),
        follows=request.query_params.get("follow") == "on",
    )
