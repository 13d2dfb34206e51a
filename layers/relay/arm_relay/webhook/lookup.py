"""What the table already holds of a request's orders."""

from collections.abc import Sequence

from arm_relay.orders.order import Credits, Order
from arm_relay.store.records import Marker
from arm_relay.store.table import Store
from arm_relay.webhook.crediting import Invoice, id_by_order
from arm_relay.webhook.identity import Holder
from arm_relay.webhook.receipts import AlreadyRecorded
from arm_relay.webhook.ways import SENDING, Way


class Lookup:
    """Finds orders by their ids and numbers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def recorded(self, client_no: str, orders: Sequence[Order], way: Way = SENDING) -> AlreadyRecorded:
        """What the table holds of these orders, which come on this way, and of the invoices that they credit.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        named = [order.credits for order in orders if order.credits]
        ids, numbers = self._store.markers_of(
            client_no,
            [*(order.id for order in orders), *(id_by_order(credit.order_id) for credit in named if credit.order_id)],
            [
                *filter(None, (order.invoice_no for order in orders)),
                *filter(None, (credit.invoice_no for credit in named)),
            ],
        )
        markers = [*ids.values(), *numbers.values()]
        batches = self._store.batches([marker.batch_id for marker in markers]) if markers else {}

        def holder(marker: Marker | None) -> Holder | None:
            return Holder(marker, batches.get(marker.batch_id)) if marker else None

        def invoice(credit: Credits) -> Invoice | None:
            by_order = ids.get(id_by_order(credit.order_id or ""))
            marker = numbers.get(credit.invoice_no) if credit.invoice_no else by_order
            batch = batches.get(marker.batch_id) if marker else None
            return Invoice(batch.order(marker.order_id), batch) if marker and batch else None

        return AlreadyRecorded(
            {
                order.id: way.identify(order, holder(ids.get(order.id)), holder(numbers.get(order.invoice_no or "")))
                for order in orders
            },
            {order.id: found for order in orders if order.credits and (found := invoice(order.credits))},
            way.conflict,
        )
