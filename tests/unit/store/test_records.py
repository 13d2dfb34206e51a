import random
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from arm_relay.arm.outcomes import MAX_ERROR_LENGTH, MAX_ERRORS
from arm_relay.batches import steps
from arm_relay.batches.batch import KEPT_ANSWER, Amounts, Answer, Batch, BatchOrder, OrderStatus, State, Transitions
from arm_relay.batches.steps import KEPT_TIMES, MAX_REDRIVES, MAX_REPETITIONS
from arm_relay.store import records
from arm_relay.store.records import Item
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order

#: DynamoDB takes items up to here, in bytes.
LARGEST_ITEM = 400 * 1024

LATER = NOW + timedelta(minutes=5, microseconds=7)

SHAPES = {
    "just claimed": steps.claimed("batch-1", "2218", [a_batch_order()], b"{}", NOW, TIMES),
    "every field set": a_batch(
        state=State.HELD,
        version=7,
        attempt=3,
        attempt_at=LATER,
        doubt=1,
        polls=12,
        undecided_since=NOW,
        batch_uuid="8NlwdOIM1YLVFP9-WOwkYQ",
        answer=Answer(206, '{"result":"æ\\u0000 \ufffd"}'),
        announcements=2,
        ended_at=LATER,
        opened_at=LATER,
        cause="ARM's result is not a JSON object",
        history=(
            Transitions(state=State.CLAIMED, cause="accepted", at=(NOW,)),
            Transitions(state=State.QUEUED, cause='Ring "Ola" \\ Åse', by="arn:aws:iam::1:user/åse", at=(NOW, LATER)),
            Transitions(state=State.HELD, cause="ARM's result is not a JSON object", at=(LATER,)),
        ),
    ),
    "nothing left to do": a_batch(state=State.SUCCEEDED, due=None, ended_at=NOW),
    "orders of every kind": a_batch(
        orders=tuple(
            a_batch_order(id=f"evt-{status}", order_id=order_id, document_no=number, status=status, errors=errors)
            for status in OrderStatus
            for order_id, number in ((None, None), ("B-1", None), (None, "1"), ("B#1", "æ/1"))
            for errors in ((), ("no such customer", "", 'quote " and \n'))
        )
    ),
    "a batch id with the key's own prefix": a_batch(id="BATCH#BATCH#1"),
    "bytes that are no text": a_batch(payload=bytes(range(256))),
}


@pytest.mark.parametrize("batch", SHAPES.values(), ids=SHAPES)
def test_a_batch_comes_back_as_it_was(batch: Batch) -> None:
    assert records.from_item(records.to_item(batch)) == batch


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = texts.filter(bool)
times = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)
numbers = st.integers(0, 10**6)
orders = st.builds(
    BatchOrder,
    id=names,
    order_id=st.none() | names,
    customer_no=names,
    document_no=st.none() | names,
    digest=names,
    status=st.sampled_from(OrderStatus),
    errors=st.lists(texts, max_size=3).map(tuple),
    type=st.sampled_from(["order.invoiced", "order.credited"]),
    invoice_date=st.none() | st.dates(),
    due_date=st.none() | st.dates(),
    currency=st.none() | names,
    total=st.none() | st.builds(Amounts, *[st.decimals(allow_nan=False, allow_infinity=False, places=3)] * 3),
    metadata=st.dictionaries(names, texts, max_size=3).map(lambda members: tuple(members.items())),
)
transitions = st.builds(
    Transitions,
    state=st.sampled_from(State),
    cause=names,
    by=st.none() | names,
    at=st.lists(times, min_size=1, max_size=3).map(tuple),
)
some_batches = st.builds(
    Batch,
    id=names,
    client_no=names,
    state=st.sampled_from(State),
    orders=st.lists(orders, max_size=3).map(tuple),
    payload=st.binary(max_size=50),
    claimed_at=times,
    opened_at=times,
    due=st.none() | times,
    attempt=numbers,
    attempt_at=times,
    doubt=st.none() | st.integers(1, 10**6),
    polls=numbers,
    undecided_since=st.none() | times,
    batch_uuid=st.none() | names,
    answer=st.none() | st.builds(Answer, st.integers(100, 599), texts),
    announcements=numbers,
    ended_at=st.none() | times,
    cause=names,
    history=st.lists(transitions, max_size=3).map(tuple),
    version=numbers,
)


@given(some_batches)
def test_any_batch_comes_back_as_it_was(batch: Batch) -> None:
    assert records.from_item(records.to_item(batch)) == batch


@given(some_batches, times)
def test_every_value_has_the_type_its_notation_says(batch: Batch, expires_at: datetime) -> None:
    for typed in records.to_item(batch, expires_at).values():
        [(kind, value)] = typed.items()
        assert {"S": str, "N": str, "B": bytes}[kind] is type(value)


@given(some_batches)
def test_the_size_is_never_less_than_what_is_sent(batch: Batch) -> None:
    item = records.to_item(batch)

    assert records.size(item) >= naive_size(item)


def naive_size(item: Item) -> int:
    total = 0
    for name, typed in item.items():
        for value in typed.values():
            total += len(name.encode()) + len(value if isinstance(value, bytes) else str(value).encode())
    return total


def test_the_size_counts_bytes_rather_than_characters() -> None:
    assert records.size({"a": {"S": "æøå"}, "bc": {"B": b"123"}}) == 1 + 6 + 2 + 3


def test_only_what_is_due_stands_in_the_index() -> None:
    due, resting = records.to_item(a_batch()), records.to_item(a_batch(due=None))

    assert (due["shard"]["S"], due["due"]["S"]) == (records.shard_of("batch-1"), "2025-02-27T12:00:30.000000Z")
    assert not {"shard", "due"} & resting.keys()


def test_only_what_is_held_stands_in_the_index_of_that() -> None:
    held = records.to_item(steps.held(a_batch(orders=(a_batch_order(), a_batch_order(id="evt-2"))), "too old", NOW))

    assert (held["heldOf"], held["endedAt"], held["orderCount"]) == (
        {"S": "2218"},
        {"S": records.to_text(NOW)},
        {"N": "2"},
    )
    others = [a_batch(state=state, ended_at=NOW) for state in State if state is not State.HELD]
    assert [batch.state for batch in others if {"heldOf", "orderCount"} & records.to_item(batch).keys()] == []


def test_only_what_shall_expire_says_when() -> None:
    assert records.to_item(a_batch(), NOW)["expiresAt"] == {"N": str(int(NOW.timestamp()))}
    assert "expiresAt" not in records.to_item(a_batch())


def test_the_payload_is_compressed() -> None:
    item = records.to_item(a_batch(payload=b"x" * 100_000))

    assert records.size(item) < 2_000


@pytest.mark.parametrize("character", ['"', "\x00", "\n", "\N{MONEY BAG}", "a"])
def test_the_largest_claim_stays_within_dynamodb_whatever_it_gains(character: str) -> None:
    claim = largest_claim()
    grown = as_large_as_it_gets(claim, Answer(200, character * KEPT_ANSWER))

    assert records.LARGEST_CLAIM - 1_000 < records.size(records.to_item(claim)) <= records.LARGEST_CLAIM
    assert records.size(records.to_item(grown, NOW)) <= LARGEST_ITEM


def largest_claim() -> Batch:
    """Of 50 orders with long names, and a payload that does not compress."""
    claimed_orders = tuple(
        a_batch_order(id=f"{n:0100}", order_id="ø" * 100, customer_no="å" * 100, document_no="æ" * 100, digest="d" * 64)
        for n in range(50)
    )
    empty = a_batch(orders=claimed_orders, payload=b"")
    room = records.LARGEST_CLAIM - records.size(records.to_item(empty)) - 500
    return a_batch(orders=claimed_orders, payload=random.Random(1).randbytes(room))  # noqa: S311 (any bytes will do)


def as_large_as_it_gets(claim: Batch, answer: Answer) -> Batch:
    """With the worst that ARM can answer, and a history of all the tries that fit into the time before a hold."""
    errors = ("\N{MONEY BAG}" * MAX_ERROR_LENGTH,) * MAX_ERRORS
    tries = tuple(NOW + timedelta(minutes=n) for n in range(KEPT_TIMES))
    causes = [f"no token: the identity service answered {status}" for status in range(400, 450)]
    by_the_relay = [Transitions(state=State.QUEUED, cause=cause, at=(NOW,)) for cause in causes]
    by_people = [
        Transitions(state=State.QUEUED, cause="\N{MONEY BAG}" * 498 + f"{n:02}", by="arn:" + "p" * 200, at=(NOW,))
        for n in range(MAX_REDRIVES + MAX_REPETITIONS + 2)
    ]
    attempts = Transitions(state=State.CLAIMED, cause="next attempt", at=tries)
    return a_batch(
        orders=tuple(
            a_batch_order(
                id=order.id,
                order_id=order.order_id,
                customer_no=order.customer_no,
                document_no=order.document_no,
                digest=order.digest,
                status=OrderStatus.FAILED,
                errors=errors,
            )
            for order in claim.orders
        ),
        payload=claim.payload,
        state=State.PARTIALLY_FAILED,
        answer=answer.kept(),
        submission_answer=answer.kept(),
        ended_at=NOW,
        undecided_since=NOW,
        batch_uuid="u" * 128,
        history=(attempts, *by_the_relay, *by_people),
    )


@pytest.mark.parametrize(
    ("time", "text"),
    [
        pytest.param(NOW, "2025-02-27T12:00:00.000000Z", id="no microseconds: as wide all the same"),
        pytest.param(NOW + timedelta(microseconds=1), "2025-02-27T12:00:00.000001Z", id="microseconds"),
        pytest.param(
            datetime(2025, 2, 27, 13, tzinfo=timezone(timedelta(hours=1))), "2025-02-27T12:00:00.000000Z", id="zone"
        ),
        # Nothing happened then, but an operator or a sender may ask for it.
        pytest.param(datetime(1, 1, 2, tzinfo=UTC), "0001-01-02T00:00:00.000000Z", id="another era"),
    ],
)
def test_times_are_texts_in_utc(time: datetime, text: str) -> None:
    assert records.to_text(time) == text
    assert records.from_text(text) == time


@given(st.lists(times, min_size=2))
def test_texts_sort_as_their_times_do(some: list[datetime]) -> None:
    assert sorted(map(records.to_text, some)) == [records.to_text(time) for time in sorted(some)]
    assert len({len(records.to_text(time)) for time in some}) == 1


@given(texts)
def test_a_shard_is_one_of_those_there_are(batch_id: str) -> None:
    assert records.shard_of(batch_id) in {str(number) for number in range(records.SHARDS)}


def test_a_shard_never_changes() -> None:
    # Batches that wait in the table of a release before this one stand in these.
    assert [records.shard_of(f"batch-{n}") for n in range(4)] == ["4", "2", "0", "6"]


def test_shards_share_the_work() -> None:
    shards = [records.shard_of(f"batch-{n}") for n in range(800)]
    busiest = sorted(shards.count(shard) for shard in set(shards))

    assert len(busiest) == records.SHARDS
    assert all(2 * less >= more for less, more in pairwise(busiest))


def test_keys_of_different_kinds_never_meet() -> None:
    assert records.batch_key("1") == "BATCH#1"
    assert records.marker_key("2218", "BATCH#1") == "ORDER#2218#BATCH#1"


def test_a_payload_whose_end_is_missing_is_damaged() -> None:
    item = records.to_payload(a_batch(payload=random.Random(1).randbytes(5_000)), NOW)  # noqa: S311 (any bytes will do)

    with pytest.raises(records.UnreadableRecord):
        records.from_payload({**item, "body": {"B": item["body"]["B"][:3_000]}})
