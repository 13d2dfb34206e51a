from dataclasses import replace
from datetime import timedelta

import pytest
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Batch, CreditedInvoice, Standing, State
from arm_relay.store import records

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tools.restoring import rules

LATER = NOW + timedelta(days=1)
EXPIRY = NOW + timedelta(days=400)


def a_waiting_credit() -> Batch:
    credit = a_batch_order(credited=CreditedInvoice(Standing.AWAITED, "batch-9", "evt-9"))
    return steps.waiting("batch-1", "2218", credit, b"{}", NOW, TIMES)


def test_a_queued_batch_comes_back_as_a_claim_whose_lease_is_over() -> None:
    queued = a_batch(state=State.QUEUED, attempt=1)

    after = records.from_item(rules.copied(records.to_item(queued, EXPIRY), LATER))

    assert after == replace(queued, state=State.CLAIMED)
    assert steps.lease_over(after, LATER).doubt == 1


def test_a_credit_note_that_waited_is_held_in_doubt_and_announced() -> None:
    after = records.from_item(rules.copied(records.to_item(a_waiting_credit(), EXPIRY), LATER))

    assert (after.state, after.cause) == (State.HELD, causes.RESTORED_WHILE_WAITING)
    assert after.doubt == 1
    assert after.due is not None
    assert after.due <= LATER


def test_a_held_batch_comes_back_in_doubt() -> None:
    held = steps.held(a_batch(state=State.QUEUED), "ARM answered 404", NOW)

    assert rules.restored(held, LATER).doubt == 1
    assert rules.restored(replace(held, doubt=2), LATER).doubt == 2


@pytest.mark.parametrize("state", [State.CLAIMED, State.PENDING, State.UNCONFIRMED, State.SUCCEEDED])
def test_all_others_come_back_as_they_were(state: State) -> None:
    item = records.to_item(a_batch(state=state), EXPIRY)

    assert rules.copied(item, LATER) == item


def test_when_a_batch_expires_stays() -> None:
    item = rules.copied(records.to_item(a_batch(state=State.QUEUED), EXPIRY), LATER)

    assert item["expiresAt"] == {"N": str(int(EXPIRY.timestamp()))}


def test_a_payload_comes_back_with_its_batch_or_for_one_that_needs_it() -> None:
    payload = records.to_payload(a_batch(), EXPIRY)

    assert rules.is_wanted(payload, None)
    assert rules.is_wanted(payload, a_batch(state=State.UNCONFIRMED))


def test_what_was_removed_on_purpose_stays_away() -> None:
    payload = records.to_payload(a_batch(), EXPIRY)

    assert not rules.is_wanted(payload, a_batch(state=State.SUCCEEDED, ended_at=NOW))
    assert not rules.is_wanted(payload, a_batch(state=State.HELD, trimmed_at=NOW))


def test_leases_and_what_was_true_only_then_stay_away() -> None:
    assert not rules.is_wanted({"pk": {"S": "SHARD#1"}}, None)
    assert not rules.is_wanted({"pk": {"S": "BREAKER"}}, None)
    assert rules.is_wanted({"pk": {"S": "ORDER#2218#a"}}, None)
