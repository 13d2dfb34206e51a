"""What the table promises the use cases: one suite, run against moto, DynamoDB Local and the simulation's table.

Inherit from `StoreContract` and give it a fixture `dynamodb`: a client whose table `TABLE` is the template's and empty.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from threading import Lock
from typing import Any, Final

import pytest
from arm_relay.batches import bulk_redrive, steps
from arm_relay.batches.batch import CLOCK_SKEW, Answer, Batch, OrderStatus, State
from arm_relay.batches.bulk_redrive import Action, BulkRedrive, Refusal
from arm_relay.batches.day_book import LATE
from arm_relay.batches.selection import Listing, Wanted
from arm_relay.batches.steps import Retry
from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.store import records
from arm_relay.store.days import Days, Kept
from arm_relay.store.records import DayEntry, HeldBatch, Lease, Marker, OrderPlace, shard_of
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Busy, RecordTooLarge, Store

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.template import template

#: Reads an item by its key: empty where there is none.
type Read = Callable[[str], dict[str, Any]]

TABLE: Final = "relay"
ANNOUNCED: Final = "announced"
#: The resources of the template that these are.
TABLES: Final = {TABLE: "Table", ANNOUNCED: "AnnouncedTable"}
MARKER_LIFE: Final = timedelta(days=403)
PAYLOAD_LIFE: Final = timedelta(days=90)
SUCCEEDED: Final = OrderStatus.SUCCEEDED
#: When the marker of an order that is claimed now expires.
EXPIRY: Final = NOW + MARKER_LIFE

#: What an update of a table sets, rather than its creation.
SET_LATER: Final = (
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "DeletionProtectionEnabled",
)


def create_tables(client: Any) -> None:  # noqa: ANN401 (a client of boto3's, or one that does as it does)
    """The template's tables."""
    for table, resource in TABLES.items():
        properties = template()["Resources"][resource]["Properties"]
        creation = {name: value for name, value in properties.items() if name not in SET_LATER}
        client.create_table(TableName=table, **creation)
        client.update_time_to_live(TableName=table, TimeToLiveSpecification=properties["TimeToLiveSpecification"])


def delete_tables(client: Any) -> None:  # noqa: ANN401 (as above)
    """Both tables are gone."""
    for table in TABLES:
        client.delete_table(TableName=table)


class OneAtATime:
    """A client without locks of its own: its requests are carried out one by one, as in DynamoDB they seem to be."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 (as above)
        self._client = client
        self._lock = Lock()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return partial(self.call, operation)

    def call(self, operation: str, **request: Any) -> Any:  # noqa: ANN401 (as above)
        with self._lock:
            return getattr(self._client, operation)(**request)


def at_once[T, R](function: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
    """The results of calls made in threads of their own."""
    arguments = list(arguments)
    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(function, arguments))


def a_claim(number: int, *order_ids: str, **changes: object) -> Batch:
    """A batch of these orders, `b<number>`."""
    orders = tuple(
        a_batch_order(id=order_id, document_no=f"of-{order_id}", digest=f"d{number}") for order_id in order_ids
    )
    return a_batch(id=f"b{number}", orders=orders, **changes)


def a_redrive(**changes: object) -> BulkRedrive:
    """A bulk redrive, `r1`."""
    fields: dict[str, Any] = {
        "id": "r1",
        "action": Action.ASK,
        "wanted": Wanted(listing=Listing.HELD),
        "reason": "the outage is over",
        "by": "kari",
        "created_at": NOW,
        "most": 10,
    }
    return BulkRedrive(**fields | changes)


def claimed_for_good(
    store: Store, batch: Batch, replaced: dict[str, str], replaced_numbers: dict[str, str] | None = None
) -> bool:
    """Whether a claim is recorded in the end, tried until no other is under way."""
    while True:
        try:
            return store.claim(batch, replaced, replaced_numbers or {}) is not None
        except Busy:
            continue


def ids_in_shard(shard: str, count: int) -> list[str]:
    """Ids of batches that are due in one shard."""
    return [name for name in map("batch-{}".format, range(100 * count)) if shard_of(name) == shard][:count]


def random_bytes(count: int) -> bytes:
    """Bytes that do not compress."""
    return Random(1).randbytes(count)  # noqa: S311 (any bytes will do)


def taken(batch: Batch) -> Batch:
    return steps.pending(batch, "uuid-1", Answer(202, "{}"), NOW)


def ended(batch: Batch) -> Batch:
    return steps.ended(taken(batch), State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", NOW)


def recorded(batch: Batch | None) -> Batch:
    assert batch is not None
    return batch


class StoreContract:
    @pytest.fixture
    def store(self, dynamodb: Any) -> Store:  # noqa: ANN401 (as above)
        return Store(dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE, payload_life=PAYLOAD_LIFE)

    @pytest.fixture
    def days(self, dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Days:  # noqa: ANN401 (as above)
        monkeypatch.setattr("arm_relay.store.days.PAGE", 4)
        return Days(dynamodb, TABLE)

    @pytest.fixture
    def item(self, dynamodb: Any) -> Read:  # noqa: ANN401 (as above)
        """An item as it is in the table."""

        def read(key: str) -> dict[str, Any]:
            answer = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": key}}, ConsistentRead=True)
            found: dict[str, Any] = answer.get("Item", {})
            return found

        return read

    # Claims.

    def test_a_claimed_batch_is_recorded_as_it_is(self, store: Store) -> None:
        batch = a_claim(1, "evt-1", "evt-2")

        assert store.claim(batch, {})
        assert store.batch("b1") == batch

    def test_a_claim_marks_each_of_its_orders(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1", "evt-2"), {})

        assert store.markers("2218", ["evt-1", "evt-2"]) == {
            "evt-1": Marker("b1", "evt-1", "d1", EXPIRY),
            "evt-2": Marker("b1", "evt-2", "d1", EXPIRY),
        }

    def test_a_claim_with_one_known_order_records_nothing(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-2"), {})

        assert not store.claim(a_claim(2, "evt-1", "evt-2", "evt-3"), {})
        assert store.batch("b2") is None
        assert store.markers("2218", ["evt-1", "evt-2", "evt-3"]) == {"evt-2": Marker("b1", "evt-2", "d1", EXPIRY)}

    def test_the_same_order_id_of_another_client_is_another_order(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        assert store.claim(a_claim(2, "evt-1", client_no="2219"), {})
        assert store.markers("2218", ["evt-1"]) == {"evt-1": Marker("b1", "evt-1", "d1", EXPIRY)}

    def test_the_same_claim_sent_again_is_the_same_claim(self, store: Store) -> None:
        batch = a_claim(1, "evt-1")

        assert [store.claim(batch, {}), store.claim(batch, {})] == [batch, batch]
        assert store.batch("b1") == batch

    def test_thirty_claims_of_one_order_at_once_make_one_batch(self, store: Store) -> None:
        claims = [a_claim(number, "evt-1") for number in range(30)]

        won = at_once(lambda claim: claimed_for_good(store, claim, {}), claims)

        assert won.count(True) == 1
        assert list(store.batches([claim.id for claim in claims])) == [claims[won.index(True)].id]
        assert store.markers("2218", ["evt-1"])["evt-1"].batch_id == claims[won.index(True)].id

    def test_claims_that_share_one_order_of_several_make_one_batch(self, store: Store) -> None:
        claims = [a_claim(number, f"own-{number}", "shared", f"other-{number}") for number in range(10)]

        won = at_once(lambda claim: claimed_for_good(store, claim, {}), claims)

        winner = won.index(True)
        others = [f"own-{number}" for number in range(10)]
        assert won.count(True) == 1
        assert list(store.markers("2218", others)) == [f"own-{winner}"]

    def test_as_many_orders_as_a_request_holds_fit_into_one_claim(self, store: Store) -> None:
        ids = [f"evt-{number}" for number in range(MAX_ORDERS)]

        assert store.claim(a_claim(1, *ids), {})
        assert list(store.markers("2218", ids)) == ids

    def test_the_largest_claim_fits_and_so_does_all_that_it_gains(self, store: Store) -> None:
        orders = tuple(
            a_batch_order(id=f"{n:0128}", order_id="x" * 100, document_no=f"{n:0100}", digest="d" * 64)
            for n in range(MAX_ORDERS)
        )
        payload = random_bytes(records.LARGEST_PAYLOAD_ITEM - 500)
        claimed = recorded(store.claim(a_batch(orders=orders, payload=payload), {}))

        failed = tuple(replace(o, status=OrderStatus.FAILED, errors=("\N{PILE OF POO}" * 150,) * 3) for o in orders)
        grown = replace(claimed, orders=failed, answer=Answer(206, "ø" * 16_384))

        assert recorded(store.save(grown)) == recorded(store.batch(claimed.id))
        assert store.payload(claimed) == payload

    # Payloads.

    def test_a_payload_that_fits_into_a_write_unit_stays_in_its_batch(self, store: Store, item: Read) -> None:
        claimed = recorded(store.claim(a_batch(payload=b"{}"), {}))

        assert (claimed.payload, store.payload(claimed)) == (b"{}", b"{}")
        assert not item("PAYLOAD#batch-1")

    def test_a_larger_payload_is_neither_read_nor_written_with_its_batch(self, store: Store, item: Read) -> None:
        payload = random_bytes(5_000)
        claimed = recorded(store.claim(a_batch(payload=payload), {}))
        apart = item("PAYLOAD#batch-1")

        saved = recorded(store.save(replace(claimed, polls=1)))

        assert store.batch("batch-1") == saved
        assert (claimed.payload, saved.payload) == (None, None)
        assert records.size(item("BATCH#batch-1")) < records.WRITE_UNIT
        assert item("PAYLOAD#batch-1") == apart
        assert store.payload(saved) == payload

    def test_a_payload_that_is_gone_is_not_there(self, store: Store, dynamodb: Any) -> None:  # noqa: ANN401 (as above)
        claimed = recorded(store.claim(a_batch(payload=random_bytes(5_000)), {}))
        dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "PAYLOAD#batch-1"}})

        assert store.payload(claimed) is None

    def test_a_claim_that_is_not_recorded_leaves_no_payload(self, store: Store, item: Read) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        assert store.claim(a_claim(2, "evt-1", payload=random_bytes(5_000)), {}) is None
        assert not item("PAYLOAD#b2")

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param(b" " * (records.LARGEST_PAYLOAD + 1), id="in memory"),
            pytest.param(random_bytes(records.LARGEST_PAYLOAD_ITEM), id="in the table"),
        ],
    )
    def test_a_payload_that_is_too_large_is_not_recorded(self, store: Store, item: Read, payload: bytes) -> None:
        with pytest.raises(RecordTooLarge):
            store.claim(a_batch(payload=payload), {})
        assert not item("BATCH#batch-1")

    # Corrections.

    def test_a_corrected_order_changes_over_to_the_new_batch(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1", "evt-2"), {})

        assert store.claim(a_claim(2, "evt-1", "evt-9"), {"evt-1": "b1"}, {"of-evt-1": "b1"})
        assert store.markers("2218", ["evt-1", "evt-2", "evt-9"]) == {
            "evt-1": Marker("b2", "evt-1", "d2", EXPIRY),
            "evt-2": Marker("b1", "evt-2", "d1", EXPIRY),
            "evt-9": Marker("b2", "evt-9", "d2", EXPIRY),
        }

    def test_a_correction_of_another_batch_than_the_present_one_records_nothing(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})
        store.claim(a_claim(2, "evt-1"), {"evt-1": "b1"}, {"of-evt-1": "b1"})

        assert not store.claim(a_claim(3, "evt-1", "evt-2"), {"evt-1": "b1"})
        assert store.batch("b3") is None
        assert store.markers("2218", ["evt-1", "evt-2"]) == {"evt-1": Marker("b2", "evt-1", "d2", EXPIRY)}

    def test_a_correction_of_an_order_whose_marker_is_gone_records_nothing(self, store: Store) -> None:
        assert not store.claim(a_claim(2, "evt-1"), {"evt-1": "b1"})
        assert store.batch("b2") is None

    def test_corrections_at_once_make_one_batch(self, store: Store) -> None:
        store.claim(a_claim(0, "evt-1"), {})
        claims = [a_claim(number, "evt-1") for number in range(1, 9)]

        won = at_once(lambda claim: claimed_for_good(store, claim, {"evt-1": "b0"}, {"of-evt-1": "b0"}), claims)

        assert won.count(True) == 1
        assert len(store.batches([claim.id for claim in claims])) == 1

    # Invoice numbers.

    def test_a_claim_marks_the_number_of_each_order(self, store: Store) -> None:
        orders = (a_batch_order(), a_batch_order(id="evt-2", document_no=None))
        store.claim(a_batch(id="b1", orders=orders), {})

        assert store.number_markers("2218", ["88776655", "1"]) == {"88776655": Marker("b1", "evt-1", "d1", EXPIRY)}

    def test_a_claim_of_a_known_number_records_nothing(self, store: Store) -> None:
        store.claim(a_batch(id="b1"), {})

        assert not store.claim(a_batch(id="b2", orders=(a_batch_order(id="evt-2", document_no="88776655"),)), {})
        assert store.markers("2218", ["evt-2"]) == {}

    def test_a_number_changes_over_to_the_batch_that_replaces_its_own(self, store: Store) -> None:
        store.claim(a_batch(id="b1"), {})
        second = a_batch(id="b2", orders=(a_batch_order(id="evt-2", document_no="88776655"),))

        assert not store.claim(second, {}, {"88776655": "b0"})
        assert store.claim(second, {}, {"88776655": "b1"})
        assert store.number_markers("2218", ["88776655"])["88776655"].order_id == "evt-2"

    def test_numbers_that_arm_takes_for_the_same_are_the_same(self, store: Store) -> None:
        store.claim(a_batch(id="b1", orders=(a_batch_order(document_no="\u00c5-1"),)), {})

        assert store.number_markers("2218", ["a\u030a-1"])["a\u030a-1"].batch_id == "b1"
        assert store.number_markers("2219", ["\u00c5-1"]) == {}

    # Reads.

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        assert store.batch("b1") is None
        assert store.batches(["b1"]) == {}
        assert store.markers("2218", ["evt-1"]) == {}

    def test_fifty_batches_are_read_at_once(self, store: Store) -> None:
        claims = [a_claim(number, f"evt-{number}") for number in range(50)]
        for claim in claims:
            store.claim(claim, {})

        found = store.batches([claim.id for claim in claims] + ["b-none"])

        assert found == {claim.id: claim for claim in claims}

    def test_the_same_batch_may_be_asked_for_twice(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        assert list(store.batches(["b1", "b1"])) == ["b1"]

    # Saves.

    def test_a_saved_batch_is_a_version_further(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        saved = recorded(store.save(replace(a_claim(1, "evt-1"), polls=7)))

        assert (saved.polls, saved.version) == (7, 2)
        assert store.batch("b1") == saved

    def test_a_batch_that_somebody_else_saved_first_is_not_saved(self, store: Store) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})
        first = store.save(replace(batch, polls=1))

        assert store.save(replace(batch, polls=2)) is None
        assert store.batch("b1") == first

    def test_a_batch_that_was_never_claimed_is_not_saved(self, store: Store) -> None:
        assert store.save(a_claim(1, "evt-1")) is None
        assert store.batch("b1") is None

    def test_of_saves_at_once_one_is_recorded(self, store: Store) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})

        saved = at_once(lambda polls: store.save(replace(batch, polls=polls)), range(1, 9))

        assert [one for one in saved if one] == [store.batch("b1")]

    # What is deleted some day.

    def test_a_marker_expires_a_marker_life_after_its_claim(self, store: Store, item: Read) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        expires_at = int((NOW + MARKER_LIFE).timestamp())
        assert item(records.marker_key("2218", "evt-1"))["expiresAt"] == {"N": str(expires_at)}

    def test_a_batch_expires_once_its_end_is_announced(self, store: Store, item: Read) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})
        assert "expiresAt" not in item("BATCH#b1")

        saved = recorded(store.save(ended(batch)))
        assert "expiresAt" not in item("BATCH#b1")

        store.save(steps.announced(saved))
        assert item("BATCH#b1")["expiresAt"] == {"N": str(int((NOW + TIMES.retention).timestamp()))}

    def test_a_held_batch_never_expires(self, store: Store, item: Read) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})

        held = recorded(store.save(steps.held(batch, "too old", NOW)))
        store.save(steps.announced(held))

        assert "expiresAt" not in item("BATCH#b1")

    # The index of what is due.

    def due(self, store: Store, shard: str, now: datetime) -> Sequence[str]:
        return [batch.id for page in store.due(shard, now) for batch in page]

    def test_a_batch_is_due_from_its_due_time_on(self, store: Store) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})

        shard, due = shard_of("b1"), batch.due or NOW
        assert self.due(store, shard, due - timedelta(microseconds=1)) == []
        assert self.due(store, shard, due) == ["b1"]

    def test_a_batch_is_due_in_no_other_shard(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        found = [shard for shard in map(str, range(records.SHARDS)) if self.due(store, shard, NOW + TIMES.hold_after)]

        assert found == [shard_of("b1")]

    def test_an_end_is_due_until_it_is_announced(self, store: Store) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})
        shard, later = shard_of("b1"), NOW + timedelta(days=1)

        saved = recorded(store.save(ended(batch)))
        assert self.due(store, shard, later) == ["b1"]

        store.save(steps.announced(saved))
        assert self.due(store, shard, later) == []

    def test_markers_and_leases_are_never_due(self, store: Store) -> None:
        store.lease("0", "poller", NOW, NOW)
        store.claim(a_claim(1, "evt-1", due=None), {})

        assert [self.due(store, str(shard), NOW + TIMES.hold_after) for shard in range(records.SHARDS)] == (
            [[]] * records.SHARDS
        )

    def test_what_waits_is_counted_whenever_it_is_due(self, store: Store) -> None:
        shard = shard_of("batch-1")
        others = [name for name in map(str, range(100)) if shard_of(name) == shard][:2]
        for number, name in enumerate(["batch-1", *others]):
            assert store.claim(a_batch(id=name, orders=(a_batch_order(id=f"evt-{number}"),)), {})
        before = store.waiting(shard)
        batch = store.batch("batch-1")
        assert batch
        assert store.save(steps.announced(steps.held(batch, "too old", NOW)))

        assert (before, store.waiting(shard), store.waiting(str((int(shard) + 1) % records.SHARDS))) == (3, 2, 0)

    def test_the_longest_due_comes_first_page_by_page(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("arm_relay.store.table.PAGE", 3)
        ids = ids_in_shard("0", 7)
        for number, batch_id in enumerate(ids):
            order = a_batch_order(id=f"evt-{number}")
            store.claim(a_batch(id=batch_id, orders=(order,), due=NOW - timedelta(minutes=number)), {})

        pages = [[batch.id for batch in page] for page in store.due("0", NOW)]

        longest_first = ids[::-1]
        assert [page for page in pages if page] == [longest_first[:3], longest_first[3:6], longest_first[6:]]

    def test_a_page_is_read_only_when_it_is_asked_for(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("arm_relay.store.table.PAGE", 1)
        first, second = ids_in_shard("0", 2)
        store.claim(a_batch(id=first, due=NOW - timedelta(minutes=1)), {})
        later = a_batch(id=second, orders=(a_batch_order(id="evt-2"),), due=NOW)
        store.claim(later, {})

        pages = store.due("0", NOW)
        assert [batch.id for batch in next(pages)] == [first]
        store.save(replace(later, due=None))

        assert [batch for page in pages for batch in page] == []

    # The index of orders by their orderId.

    def test_an_order_is_found_by_its_order_id_as_arm_compares_it(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})

        assert store.with_order_id("2218", "b-1", 10) == [OrderPlace("b1", "evt-1")]

    def test_all_orders_of_one_order_id_are_found_and_no_others(self, store: Store) -> None:
        orders = (a_batch_order(id="evt-3", order_id="B-2"), a_batch_order(id="evt-4", order_id=None))
        store.claim(a_claim(1, "evt-1"), {})
        store.claim(a_claim(2, "evt-2"), {})
        store.claim(a_batch(id="b3", orders=orders), {})
        store.claim(a_claim(4, "evt-5", client_no="2219"), {})

        assert store.with_order_id("2218", "B-1", 10) == [OrderPlace("b1", "evt-1"), OrderPlace("b2", "evt-2")]
        assert store.with_order_id("2218", "B-3", 10) == []
        assert store.with_order_id("2218", "B-1", 1) == [OrderPlace("b1", "evt-1")]

    def test_an_order_that_was_sent_again_is_found_where_it_is_now(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})
        store.claim(a_claim(2, "evt-1"), {"evt-1": "b1"}, {"of-evt-1": "b1"})

        assert store.with_order_id("2218", "B-1", 10) == [OrderPlace("b2", "evt-1")]

    # The index of what waits for a person.

    def hold(self, store: Store, number: int, client_no: str = "2218", minutes: int = 0) -> Batch:
        """Batch `b<number>` of two orders, held so many minutes after `NOW`."""
        batch = a_claim(number, f"evt-{number}", f"more-{number}", client_no=client_no)
        store.claim(batch, {})
        return recorded(store.save(steps.held(batch, f"cause {number}", NOW + timedelta(minutes=minutes))))

    def test_a_held_batch_is_listed_with_what_a_person_wants_to_know_first(self, store: Store) -> None:
        self.hold(store, 1, minutes=5)

        assert store.held("2218", 10) == [
            HeldBatch(id="b1", cause="cause 1", since=NOW + timedelta(minutes=5), order_count=2)
        ]

    def test_other_batches_and_other_clients_are_not_listed(self, store: Store) -> None:
        self.hold(store, 1, client_no="2219")
        store.claim(a_claim(2, "evt-2"), {})
        store.claim(a_claim(3, "evt-3"), {})
        store.save(ended(a_claim(3, "evt-3")))

        assert store.held("2218", 10) == []

    def test_a_held_batch_is_listed_until_it_is_released(self, store: Store) -> None:
        announced = recorded(store.save(steps.announced(self.hold(store, 1))))
        assert [batch.id for batch in store.held("2218", 10)] == ["b1"]

        store.save(steps.resubmitted(announced, "ARM has none of it", "kari", NOW, may_be_billed_twice=True))

        assert store.held("2218", 10) == []

    def test_the_longest_held_comes_first_page_by_page(self, store: Store) -> None:
        for number in range(5):
            self.hold(store, number, minutes=-number)
        listed: list[str] = []
        after = None

        for _ in range(3):
            page = store.held("2218", 2, after)
            listed += [batch.id for batch in page]
            after = (page[-1].since, page[-1].id)

        assert listed == ["b4", "b3", "b2", "b1", "b0"]
        assert store.held("2218", 2, after) == []

    def test_a_page_may_begin_behind_a_batch_that_is_not_there_any_more(self, store: Store) -> None:
        self.hold(store, 1, minutes=1)
        self.hold(store, 2, minutes=3)

        assert [batch.id for batch in store.held("2218", 2, (NOW + timedelta(minutes=2), "gone"))] == ["b2"]

    def test_of_batches_held_at_the_same_moment_none_is_left_out(self, store: Store) -> None:
        for number in range(4):
            self.hold(store, number)

        first = store.held("2218", 2)
        second = store.held("2218", 2, (first[-1].since, first[-1].id))

        assert {batch.id for batch in first + second} == {"b0", "b1", "b2", "b3"}

    def test_batches_that_are_not_held_have_nothing_of_that_index(self, store: Store, item: Read) -> None:
        store.claim(a_claim(1, "evt-1"), {})
        store.save(ended(a_claim(1, "evt-1")))

        assert not {"heldOf", "orderCount"} & item("BATCH#b1").keys()

    # Lists, and what is sent again.

    def failed(self, store: Store, number: int, minutes: int = 0) -> Batch:
        """Batch `b<number>`, failed so many minutes after `NOW` and announced."""
        batch = a_claim(number, f"evt-{number}")
        store.claim(batch, {})
        pending = recorded(store.save(steps.pending(batch, f"uuid-{number}", Answer(202, "{}"), NOW)))
        at = NOW + timedelta(minutes=minutes)
        over = recorded(store.save(steps.ended(pending, State.FAILED, OrderStatus.FAILED, "ARM's result", at)))
        return recorded(store.save(steps.announced(over)))

    def test_what_failed_rests_in_a_shard_of_its_own_and_reads_as_it_was(self, store: Store) -> None:
        batch = self.failed(store, 1)

        assert [each.id for each in store.listed(records.FAILED, 10)] == ["b1"]
        assert (store.batch("b1"), batch.due) == (batch, None)

    def test_a_list_goes_on_after_its_last_entry(self, store: Store) -> None:
        for number in range(5):
            self.failed(store, number, minutes=-number)
        listed: list[str] = []
        after = None

        while page := store.listed(records.FAILED, 2, after):
            listed += [each.id for each in page]
            after = (page[-1].due, page[-1].id)

        assert listed == ["b4", "b3", "b2", "b1", "b0"]

    def test_a_retry_is_recorded_with_what_it_sends_again_or_not_at_all(self, store: Store) -> None:
        before = self.failed(store, 1)
        new = Retry(batch_id="b2", reason="again", by="kari", at=NOW)
        after = steps.retried(before, [0], b"{}", new)
        superseded = steps.superseded(before, new)
        taken_over = {"evt-1": "b1"}, {"of-evt-1": "b1"}

        assert store.claim(after, *taken_over, replace(superseded, version=9)) is None
        assert (store.batch("b1"), store.batch("b2")) == (before, None)

        assert store.claim(after, *taken_over, superseded) == after
        assert store.batch("b1") == replace(superseded, version=before.version + 1)
        assert store.markers("2218", ["evt-1"])["evt-1"].batch_id == "b2"
        assert store.listed(records.FAILED, 10) == []

    def test_a_retry_of_as_many_orders_as_a_request_holds_fits(self, store: Store) -> None:
        ids = [f"evt-{number}" for number in range(MAX_ORDERS)]
        batch = a_claim(1, *ids)
        store.claim(batch, {})
        over = steps.ended(replace(batch, state=State.PENDING), State.FAILED, OrderStatus.FAILED, "ARM's result", NOW)
        before = recorded(store.save(steps.announced(over)))
        new = Retry(batch_id="b2", reason="again", by="kari", at=NOW)
        after = steps.retried(before, range(MAX_ORDERS), random_bytes(5_000), new)

        ids_from, numbers_from = dict.fromkeys(ids, "b1"), {f"of-{name}": "b1" for name in ids}
        assert store.claim(after, ids_from, numbers_from, steps.superseded(before, new))

    # Bulk redrives.

    @pytest.fixture
    def redrives(self, dynamodb: Any) -> Redrives:  # noqa: ANN401 (as above)
        return Redrives(dynamodb, TABLE, life=TIMES.retention)

    def test_a_bulk_redrive_is_recorded_as_it_is(self, redrives: Redrives, item: Read) -> None:
        redrive = a_redrive(
            wanted=Wanted(
                listing=Listing.FAILED,
                client_no="2218",
                cause="ARM's result",
                status=State.FAILED,
                claimed_after=NOW,
                claimed_before=NOW + timedelta(days=1),
                ended_after=NOW + timedelta(hours=1),
                ended_before=NOW + timedelta(hours=2),
                since_before=NOW,
            ),
            action=Action.RETRY,
            after=("failed", NOW, "b7"),
            in_hand=("b8", "b9"),
            tries=2,
            done=3,
            refused=1,
            refusals=(Refusal("b1", "It was not in the list any more."),),
        )
        redrives.create(redrive)

        assert redrives.redrive("r1") == redrive
        assert redrives.redrive("r2") is None
        assert item("REDRIVE#r1")["expiresAt"] == {"N": str(int((NOW + TIMES.retention).timestamp()))}

    def test_a_bulk_redrive_that_somebody_else_saved_first_is_not_saved(self, redrives: Redrives) -> None:
        redrive = a_redrive()
        redrives.create(redrive)
        first = redrives.save(bulk_redrive.stopped(redrive, "kari", NOW))

        assert redrives.save(bulk_redrive.came_to_an_end(redrive, NOW)) is None
        assert first is not None
        assert redrives.redrive("r1") == first

    def test_bulk_redrives_are_under_way_until_nothing_is_left_in_hand(self, redrives: Redrives) -> None:
        redrives.create(a_redrive(id="r2", created_at=NOW + timedelta(minutes=1)))
        redrive = a_redrive(in_hand=("b1",))
        redrives.create(redrive)
        assert redrives.under_way() == ["r1", "r2"]

        stopped = redrives.save(bulk_redrive.stopped(redrive, "kari", NOW))
        assert redrives.under_way() == ["r1", "r2"]
        assert stopped is not None
        redrives.save(bulk_redrive.worked_off(stopped, 1, ()))

        assert redrives.under_way() == ["r2"]

    def test_a_bulk_redrive_is_never_due_for_a_shard(self, redrives: Redrives, store: Store) -> None:
        redrives.create(a_redrive())

        assert (store.unfinished(), store.waiting(records.HELD)) == ({}, 0)

    # Leases.

    def test_a_shard_is_leased_by_one_poller_at_a_time(self, store: Store) -> None:
        until = NOW + timedelta(seconds=55)

        assert store.lease("0", "one", NOW, until) is not None
        assert store.lease("0", "another", NOW, until) is None
        assert store.lease("1", "another", NOW, until) is not None

    def test_a_shard_is_leased_by_one_of_many_at_once(self, store: Store) -> None:
        until = NOW + timedelta(seconds=55)

        leased = at_once(lambda owner: store.lease("0", str(owner), NOW, until), range(8))

        assert [lease is not None for lease in leased].count(True) == 1

    def test_a_lease_is_over_for_others_when_it_is_by_every_clock(self, store: Store) -> None:
        until = NOW + timedelta(seconds=55)
        store.lease("0", "one", NOW, until)

        assert store.lease("0", "another", until + CLOCK_SKEW, until + timedelta(minutes=5)) is None
        late = until + CLOCK_SKEW + timedelta(microseconds=1)
        assert store.lease("0", "another", late, late + timedelta(seconds=55)) is not None

    def test_a_released_shard_is_free_at_once(self, store: Store) -> None:
        store.lease("0", "one", NOW, NOW + timedelta(seconds=55))
        store.release("0", "one", NOW + timedelta(seconds=5), Lease())

        assert store.lease("0", "another", NOW + timedelta(seconds=5), NOW + timedelta(seconds=60)) is not None

    def test_nobody_releases_what_another_has_leased(self, store: Store) -> None:
        store.lease("0", "one", NOW, NOW + timedelta(seconds=55))
        store.release("0", "another", NOW, Lease())

        assert store.lease("0", "another", NOW, NOW + timedelta(seconds=55)) is None

    def test_what_nobody_leased_may_be_released(self, store: Store) -> None:
        store.release("0", "one", NOW, Lease())

        assert store.lease("0", "another", NOW, NOW + timedelta(seconds=55)) is not None

    def test_what_a_dead_run_had_in_hand_is_found_by_the_next(self, store: Store) -> None:
        until = NOW + timedelta(seconds=55)
        assert store.lease("0", "one", NOW, until, ["b1", "b2"]) == Lease()
        assert store.keep_lease("0", "one", until, Lease(("b2",), {"b2": 1}))

        later = until + timedelta(minutes=5)
        assert store.lease("0", "another", later, later + timedelta(minutes=1)) == Lease(("b2",), {"b2": 1})
        assert not store.keep_lease("0", "one", until, Lease())

    # What several runs of the poller share.

    def test_due_times_are_moved_unread_unless_they_have_changed(self, store: Store) -> None:
        first, second = ids_in_shard("0", 2)
        for place, batch_id in enumerate((first, second)):
            store.claim(a_batch(id=batch_id, orders=(a_batch_order(id=f"evt-{place}"),), due=NOW), {})
        (found,) = [page for page in store.due("0", NOW) if page]
        moved = recorded(store.batch(second))
        store.save(replace(moved, due=NOW + timedelta(seconds=1)))

        store.postpone(found, NOW + timedelta(hours=1))

        assert self.due(store, "0", NOW + timedelta(seconds=1)) == [second]
        assert sorted(self.due(store, "0", NOW + timedelta(hours=1))) == sorted([first, second])

    def test_what_is_unfinished_is_listed_by_client(self, store: Store) -> None:
        store.claim(a_claim(1, "evt-1"), {})
        store.claim(a_claim(2, "evt-2", client_no="2219"), {})
        store.claim(a_claim(3, "evt-3", due=None), {})

        assert store.unfinished() == {"2218": ["b1"], "2219": ["b2"]}

    def test_the_batches_that_are_held_are_counted(self, store: Store) -> None:
        batch = a_claim(1, "evt-1")
        store.claim(batch, {})
        held = recorded(store.save(steps.held(batch, "too old", NOW)))
        assert store.waiting(records.HELD) == 0

        announced = recorded(store.save(steps.announced(held)))

        assert (store.waiting(records.HELD), store.waiting(shard_of("b1"))) == (1, 0)
        assert store.batch("b1") == announced
        assert announced.due is None

    def test_a_record_that_cannot_be_read_is_held_as_it_is(
        self,
        store: Store,
        dynamodb: Any,  # noqa: ANN401 (a client of boto3's)
        item: Read,
    ) -> None:
        store.claim(a_claim(1, "evt-1"), {})
        dynamodb.put_item(TableName=TABLE, Item=item("BATCH#b1") | {"body": {"B": b"{"}})

        found, unreadable = store.read(["b1", "b2"])
        assert (found, list(unreadable)) == ({}, ["b1"])
        store.hold_unreadable("b1", "its record cannot be read", NOW)

        assert (item("BATCH#b1")["state"]["S"], bytes(item("BATCH#b1")["body"]["B"])) == ("HELD", b"{")
        assert [held.id for held in store.held("2218", 10)] == ["b1"]
        assert store.waiting(records.HELD) == 1

    def test_a_record_of_a_newer_release_is_left_to_it(
        self,
        store: Store,
        dynamodb: Any,  # noqa: ANN401 (a client of boto3's)
        item: Read,
    ) -> None:
        store.claim(a_claim(1, "evt-1"), {})
        dynamodb.put_item(TableName=TABLE, Item=item("BATCH#b1") | {"format": {"N": "2"}})

        assert store.read(["b1"])[1] == {"b1": "a newer release of the relay wrote the record"}

    def test_what_was_claimed_in_a_time_is_found_page_by_page_by_the_day_of_its_claim(
        self, store: Store, days: Days
    ) -> None:
        midnight = datetime(2025, 2, 28, tzinfo=UTC)
        seconds = {f"b{number}": number - 60 for number in range(120)}
        names = [name for name in seconds if shard_of(name) == shard_of("b1")]
        for name in names:
            at = midnight + timedelta(seconds=seconds[name])
            order = a_batch_order(id=name, document_no=name)
            store.claim(a_batch(id=name, orders=(order,), claimed_at=at), {})

        found = walked(days, shard_of("b1"), midnight - timedelta(seconds=40), midnight + timedelta(seconds=40))

        assert [entry.batch_id for entry in found] == [name for name in names if -40 <= seconds[name] < 40]
        assert not any(entry.is_end for entry in found)
        assert walked(days, shard_of("b1"), midnight + timedelta(days=1), midnight + timedelta(days=3)) == []

    def test_an_end_long_after_its_claim_is_found_by_its_own_day_and_another_by_its_claim_alone(
        self, store: Store, days: Days
    ) -> None:
        for name, later in [("b1", timedelta(days=4)), ("b2", LATE)]:
            order = a_batch_order(id=name, document_no=name)
            claimed = recorded(store.claim(a_batch(id=name, orders=(order,)), {}))
            at = NOW + later
            end = recorded(store.save(steps.ended(steps.held(claimed, "x", NOW), State.SUCCEEDED, SUCCEEDED, "y", at)))
            store.save(steps.announced(end))

        assert walked(days, shard_of("b1"), NOW + timedelta(days=4), NOW + timedelta(days=5)) == [
            DayEntry("b1", NOW + timedelta(days=4), is_end=True)
        ]
        assert [entry.is_end for entry in walked(days, shard_of("b2"), NOW, NOW + timedelta(days=1))] == [False]

    def test_a_walk_is_kept_by_one_writer_after_the_other(self, days: Days) -> None:
        assert days.kept("trim") is None

        first = days.keep("trim", {"a": 1}, 0)
        assert (first, days.keep("trim", {"a": 2}, 0)) == (Kept({"a": 1}, 1), None)
        assert days.keep("trim", {"a": 3}, 1) == days.kept("trim") == Kept({"a": 3}, 2)
        assert days.keep("trim", {"a": 4}, 1) is None

    def test_a_payload_of_its_own_expires_before_the_markers(self, store: Store, item: Read) -> None:
        store.claim(a_claim(1, "evt-1", payload=random_bytes(2000)), {})

        expiries = [int(item(key)["expiresAt"]["N"]) for key in ("PAYLOAD#b1", "ORDER#2218#evt-1")]
        assert expiries == [int((NOW + life).timestamp()) for life in (PAYLOAD_LIFE, MARKER_LIFE)]

    def test_what_remains_of_a_payload_expires_when_it_would_have(self, store: Store, item: Read) -> None:
        claimed = recorded(store.claim(a_claim(1, "evt-1", payload=random_bytes(2000)), {}))
        before = item("PAYLOAD#b1")["expiresAt"]

        store.replace_payload(claimed, b"{}")

        assert (store.payload(claimed), item("PAYLOAD#b1")["expiresAt"]) == (b"{}", before)


def walked(days: Days, shard: str, start: datetime, end: datetime) -> list[DayEntry]:
    found: list[DayEntry] = []
    after: str | None = ""
    while after is not None:
        page = days.page(shard, start, end, after)
        found += page.entries
        after = page.after
    return found


class BulkContract:
    """What the table promises about many saves in one request. moto's PartiQL does not keep it."""

    def test_many_saves_have_each_a_fate_of_its_own(self, store: Store) -> None:
        batches = [a_claim(number, f"evt-{number}") for number in range(30)]
        for batch in batches:
            assert store.claim(batch, {})
        first = recorded(store.save(steps.polled(batches[3], NOW + TIMES.settling)))

        saved = store.save_all([steps.held(batch, "too old", NOW) for batch in batches])

        assert [place for place, each in enumerate(saved) if each is None] == [3]
        assert store.batch("b3") == first
        assert [store.batch(each.id) for each in saved if each] == [each for each in saved if each]

    def test_a_save_of_many_takes_away_what_a_batch_lacks_now(self, store: Store, item: Read) -> None:
        batches = [a_claim(number, f"evt-{number}") for number in (1, 2)]
        for batch in batches:
            store.claim(batch, {})

        ends = [recorded(each) for each in store.save_all([ended(batch) for batch in batches])]
        store.save_all([steps.announced(each) for each in ends])

        assert not {"due", "shard"} & item("BATCH#b1").keys()
        assert [store.batch(each.id) for each in ends] == [
            replace(steps.announced(each), version=each.version + 1) for each in ends
        ]

    def test_what_an_announcement_changes_is_recorded_as_a_whole_save_would(self, store: Store, item: Read) -> None:
        claims = [recorded(store.claim(a_claim(number, f"evt-{number}"), {})) for number in range(5)]
        failed = [
            steps.ended(taken(claims[number]), State.FAILED, OrderStatus.FAILED, "ARM's result", NOW)
            for number in (2, 3)
        ]
        held = steps.held(claims[4], "too old", NOW)
        rested = [ended(claims[0]), ended(claims[1]), *failed, held]
        announced = [steps.announced(recorded(each), NOW) for each in store.save_all(rested)]
        whole = [records.to_item(replace(each, version=each.version + 1)) for each in announced]

        store.save_announced(announced)

        assert [store.batch(each.id) for each in announced] == [
            replace(each, version=each.version + 1) for each in announced
        ]
        for expected in whole:
            found = item(expected["pk"]["S"])
            assert {name: value for name, value in found.items() if name not in {"body", "expiresAt"}} == {
                name: value for name, value in expected.items() if name != "body"
            }
            assert ("expiresAt" in found) is (found["state"]["S"] != "HELD")

    def test_with_its_announcement_a_trimmed_batch_loses_what_arm_has_said_since(self, store: Store) -> None:
        claims = [recorded(store.claim(a_claim(number, f"evt-{number}"), {})) for number in (1, 2)]
        answered = steps.answered(steps.trimmed(ended(claims[0]), NOW), Answer(200, '{"result": "OK"}'))
        ends = [recorded(each) for each in store.save_all([answered, ended(claims[1])])]

        store.save_announced([steps.announced(each, NOW) for each in ends])

        assert recorded(store.batch("b1")).answer is None
        assert recorded(store.batch("b2")).due is None

    def test_an_announcement_that_another_writer_overtook_records_nothing(self, store: Store) -> None:
        batches = [recorded(store.claim(a_claim(number, f"evt-{number}"), {})) for number in (1, 2)]
        ends = [recorded(each) for each in store.save_all([ended(batch) for batch in batches])]
        later = recorded(store.save(replace(ends[0], cause="another writer")))

        store.save_announced([steps.announced(each, NOW) for each in ends])

        assert store.batch("b1") == later
        assert store.batch("b2") == replace(steps.announced(ends[1], NOW), version=ends[1].version + 1)
