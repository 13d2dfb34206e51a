"""The positive control before anything is sent again: whether ARM's silence about a batch proves anything.

An empty answer of ARM's ledger means that a batch never arrived only if ARM has worked off its queue, and if its ledger
finds what it must have.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import batched
from threading import Lock
from typing import Final

from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.ledger import Ledger
from arm_relay.batches.batch import Batch, State
from arm_relay.batches.pace import Pace
from arm_relay.store.table import READ_AT_ONCE, Store

#: A batch that ARM accepted this long before or after the attempt in doubt waits in the same queue.
NEIGHBOURS: Final = timedelta(minutes=10)

#: For so many settling times a neighbour that waits for its result blocks a second submission, and no longer: ARM may
#: have forgotten it.
PATIENCE: Final = 4


class Permission(Enum):
    """Whether a batch may be sent again."""

    #: ARM's ledger shows what is there, and its queue is worked off.
    GIVEN = auto()
    #: Not yet: ARM may still have the batch in its queue, or did not answer the control.
    LATER = auto()
    #: Never by itself: no document of the client is known to exist, so nothing can be controlled.
    NO_CONTROL = auto()
    #: Never by itself: the ledger does not find a document that exists.
    CONTROL_MISSING = auto()


class Control:
    """The positive controls of one run, made once for each client."""

    def __init__(
        self, *, store: Store, ledger: Ledger, pace: Pace, known: Mapping[str, str], left: Callable[[], float]
    ) -> None:
        """`known` gives a document number of each client that ARM has, `left` the seconds that are left."""
        self._store = store
        self._ledger = ledger
        self._pace = pace
        self._known = known
        self._left = left
        # One lock for each client, so that a slow answer about one client delays no other.
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._lock = Lock()
        self._unfinished: Mapping[str, list[str]] | None = None
        self._waiting: dict[str, list[tuple[str, datetime]]] = {}
        self._finds: dict[str, Permission] = {}

    def check(self, batch: Batch) -> Permission:
        """Whether the batch, of which ARM's ledger shows nothing, may be sent again.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with self._lock:
            lock = self._locks[batch.client_no]
        with lock:
            if self._has_waiting_neighbour(batch):
                return Permission.LATER
            return self._finds_what_exists(batch.client_no)

    def _has_waiting_neighbour(self, batch: Batch) -> bool:
        now, patience = self._pace.now(), PATIENCE * self._pace.times.settling
        return any(
            batch_id != batch.id and abs(at - batch.attempt_at) <= NEIGHBOURS and now < at + patience
            for batch_id, at in self._waiting_of(batch.client_no)
        )

    def _waiting_of(self, client_no: str) -> list[tuple[str, datetime]]:
        """The client's batches that wait for ARM's result, and when ARM accepted each."""
        if client_no not in self._waiting:
            ids = self._all_unfinished().get(client_no, [])
            # In portions, as a client may have thousands, and each is read with its documents.
            portions = (self._store.batches(portion) for portion in batched(ids, READ_AT_ONCE, strict=False))
            self._waiting[client_no] = [
                (found.id, found.attempt_at)
                for portion in portions
                for found in portion.values()
                if found.state is State.PENDING
            ]
        return self._waiting[client_no]

    def _all_unfinished(self) -> Mapping[str, list[str]]:
        with self._lock:
            if self._unfinished is None:
                self._unfinished = self._store.unfinished()
            return self._unfinished

    def _finds_what_exists(self, client_no: str) -> Permission:
        if client_no not in self._known:
            return Permission.NO_CONTROL
        if client_no not in self._finds:
            try:
                document = self._ledger.document(client_no, self._known[client_no], self._left())
            except NoAnswer:
                return Permission.LATER
            self._finds[client_no] = Permission.GIVEN if document is not None else Permission.CONTROL_MISSING
        return self._finds[client_no]
