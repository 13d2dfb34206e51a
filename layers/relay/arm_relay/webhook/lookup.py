"""What the table already holds of a request's orders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arm_relay.batches.batch import Batch, BatchOrder
from arm_relay.comparison import same_value
from arm_relay.orders.order import INVOICED, Credits, Order
from arm_relay.store.records import Marker, OrderPlace, located
from arm_relay.store.table import Store
from arm_relay.webhook.crediting import Named, id_by_order
from arm_relay.webhook.identity import Holder
from arm_relay.webhook.receipts import AlreadyRecorded
from arm_relay.webhook.ways import SENDING, Way

#: Among how many orders of one orderId an invoice is looked for.
OF_ONE_ORDER_ID: Final = 500


class Lookup:
    """Finds orders by their ids, their numbers and their orderIds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def recorded(self, client_no: str, orders: Sequence[Order], way: Way = SENDING) -> AlreadyRecorded:
        """What the table holds of these orders, which come on this way, and of the invoices that they credit.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        found = self._found(client_no, orders, [order.credits for order in orders if order.credits])
        identities = {
            order.id: way.identify(order, found.with_id(order.id), found.with_number(order.invoice_no))
            for order in orders
        }
        named = {order.id: tuple(found.named_by(order.credits)) for order in orders if order.credits}
        return AlreadyRecorded(identities, named, way.conflict)

    def _found(self, client_no: str, orders: Sequence[Order], credits_: Sequence[Credits]) -> "_Found":
        order_ids = dict.fromkeys(credit.order_id for credit in credits_ if credit.order_id)
        by_id, by_number = self._store.markers_of(
            client_no,
            [*(order.id for order in orders), *map(id_by_order, order_ids)],
            [
                *(order.invoice_no for order in orders if order.invoice_no),
                *(credit.invoice_no for credit in credits_ if credit.invoice_no),
            ],
        )
        by_order_id = {
            order_id: self._store.with_order_id(client_no, order_id, OF_ONE_ORDER_ID) for order_id in order_ids
        }
        batch_ids = [
            *(marker.batch_id for marker in (*by_id.values(), *by_number.values())),
            *(place.batch_id for places in by_order_id.values() for place in places),
        ]
        batches = self._store.batches(batch_ids) if batch_ids else {}
        return _Found(client_no, by_id, by_number, by_order_id, batches)


@dataclass(frozen=True, slots=True)
class _Found:
    """The markers and batches that the table holds."""

    client_no: str
    by_id: Mapping[str, Marker]
    by_number: Mapping[str, Marker]
    by_order_id: Mapping[str, Sequence[OrderPlace]]
    batches: Mapping[str, Batch]

    def with_id(self, order_id: str) -> Holder | None:
        """What has an order's id."""
        return self._holder(self.by_id.get(order_id))

    def with_number(self, invoice_no: str | None) -> Holder | None:
        """What has an invoice number."""
        return self._holder(self.by_number.get(invoice_no or ""))

    def named_by(self, credit: Credits) -> Iterator[Named]:
        """The order that has the number that a credit note gives, or the invoices that have the orderId."""
        if credit.order_id is None:
            yield from self._at(self.by_number.get(credit.invoice_no or ""))
            return
        # The index lags behind. The marker of an invoice without a number and an id of its own does not.
        places = [self.by_id.get(id_by_order(credit.order_id)), *self.by_order_id[credit.order_id]]
        for place in places:
            yield from (named for named in self._at(place) if _is_invoice_of(named.order, credit.order_id))

    def _holder(self, marker: Marker | None) -> Holder | None:
        return Holder(marker, self.batches.get(marker.batch_id)) if marker else None

    def _at(self, place: Marker | OrderPlace | None) -> Iterator[Named]:
        if found := located(place, self.batches, self.client_no):
            yield Named(*found)


def _is_invoice_of(order: BatchOrder, order_id: str) -> bool:
    # The default id of an invoice with a number looks like that of one without.
    return order.type == INVOICED and order.order_id is not None and same_value(order.order_id, order_id)
