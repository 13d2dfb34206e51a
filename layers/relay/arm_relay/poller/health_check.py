"""Duty: every five minutes the relay checks whether it can do its work, and stores what came of it.

The poller does it because it may call ARM: the operators' function, which shows it, may not (docs/decisions/0012).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from arm_relay.arm.errors import NoAnswer, NotSent, Scope
from arm_relay.arm.ledger import Ledger
from arm_relay.health import NAME, Check, Level, Line, unless
from arm_relay.secrets import Secrets, SecretUnavailable, UnknownClient
from arm_relay.store import records
from arm_relay.store.days import Days
from arm_relay.store.liveness import Known
from arm_relay.store.records import HELD, SHARDS
from arm_relay.store.table import Store

#: How often it is checked.
EVERY: Final = timedelta(minutes=5)

#: A check begins only with so much time left, in seconds: it asks the identity service once and the ledger four times.
ENOUGH: Final = 20.0
#: How long one of these questions may take, in seconds.
WITHIN: Final = 3.0
#: Of how many clients the ledger is asked in one check; the next one asks about the next clients.
CLIENTS: Final = 2

#: A number that no document has.
NO_DOCUMENT: Final = "arm-relay-health-check"

#: What is due for longer than this waits for too long.
BACKLOG: Final = timedelta(minutes=10)
#: A signing secret that ends within this time should have a successor.
SOON: Final = timedelta(days=7)


class TopicUnavailable(Exception):
    """The topic cannot be asked. The message says why, in AWS's words."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """How many subscriptions the topic has."""

    confirmed: int
    pending: int


class SubscribedTopic(Protocol):
    """The topic, as far as it is checked."""

    def subscriptions(self) -> Subscriptions:
        """Its subscriptions.

        Raises:
            TopicUnavailable: it cannot be asked.
        """


class FreshTokens(Protocol):
    """The identity service."""

    def token(self, within: float) -> str:
        """A token, within so many seconds.

        Raises:
            NotSent: there is none.
        """

    def drop(self, token: str) -> None:
        """Forget it, so that the next check asks again."""


class HealthCheck:
    """Checks the relay."""

    def __init__(
        self,
        *,
        store: Store,
        days: Days,
        secrets: Secrets,
        tokens: FreshTokens,
        ledger: Ledger,
        topic: SubscribedTopic,
        contradictions: Sequence[str],
        known: Callable[[], Mapping[str, Known]],
        now: Callable[[], datetime],
    ) -> None:
        """`tokens` and `ledger` are the check's own: what they meet is counted nowhere else.

        `known` gives a document number of each client that ARM is known to have.
        """
        self._store = store
        self._days = days
        self._secrets = secrets
        self._tokens = tokens
        self._ledger = ledger
        self._topic = topic
        self._contradictions = contradictions
        self._known = known
        self._now = now
        self._next: datetime | None = None

    def run(self, left: Callable[[], float]) -> None:
        """Check, where it is time for it.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        now = self._now()
        if (self._next and now < self._next) or left() < ENOUGH:
            return
        kept = self._days.kept(NAME)
        if kept and now < records.from_text(kept.state["checkedAt"]) + EVERY:
            self._next = records.from_text(kept.state["checkedAt"]) + EVERY
            return
        state = {"checkedAt": records.to_text(now), "lines": [line.to_json() for line in self.lines()]}
        self._days.keep(NAME, state, kept.version if kept else 0)
        self._next = now + EVERY

    def lines(self) -> list[Line]:
        """What a check finds.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        clients, of_secret = self._check_secret()
        return [
            *unless(of_secret, Check.SECRET, f"The secret can be read and has {len(clients)} clients."),
            *self._check_arm(clients),
            *self._check_topic(),
            *unless(list(self._check_backlog()), Check.POLLER, "Nothing that is due waits, and nothing is held."),
            *unless(
                [Line(Check.PARAMETERS, Level.WARNING, each) for each in self._contradictions],
                Check.PARAMETERS,
                "The parameters that were compared do not contradict each other.",
            ),
        ]

    def _check_secret(self) -> tuple[list[str], list[Line]]:
        """The clients that orders can be signed for, and what is wrong with the secret."""
        found: list[Line] = []
        try:
            self._secrets.credentials()
        except SecretUnavailable as error:
            found.append(_fault(Check.SECRET, str(error)))
        try:
            numbers = self._secrets.client_numbers()
        except SecretUnavailable as error:
            return [], [*found, _fault(Check.SECRET, str(error))]
        if not numbers:
            found.append(Line(Check.SECRET, Level.WARNING, "The secret has no clients: nobody can send orders."))
        usable: list[str] = []
        for number in numbers:
            lines = list(self._check_client(number))
            usable += [] if any(line.level is Level.FAULT for line in lines) else [number]
            found += lines
        return usable, found

    def _check_client(self, number: str) -> Iterator[Line]:
        try:
            keys = self._secrets.signing_keys(number)
            self._secrets.limits(number)
        except (SecretUnavailable, UnknownClient) as error:
            text = str(error) if isinstance(error, SecretUnavailable) else f"client {number} has no signing secret"
            yield _fault(Check.SECRET, text)
            return
        if not keys:
            yield _fault(Check.SECRET, f"no signing secret of client {number} may sign: expired, or under two clients")
        elif all(key.not_after and key.not_after < self._now() + SOON for key in keys):
            detail = f"The last signing secret of client {number} ends within {SOON.days} days."
            yield Line(Check.SECRET, Level.WARNING, detail)
        for places in self._secrets.shared_places(number):
            detail = f"A signing secret stands under several clients ({', '.join(places)}) and signs for none."
            yield Line(Check.SECRET, Level.WARNING, detail)

    def _check_arm(self, clients: Sequence[str]) -> list[Line]:
        try:
            token = self._tokens.token(WITHIN)
        except NotSent as error:
            skipped = Line(Check.LEDGER, Level.WARNING, "The ledger was not asked, because there is no token.")
            return [_fault(Check.TOKEN, error.cause), skipped]
        try:
            known = self._known() if clients else {}
            of_ledger = [
                line
                for client_no in self._whose_turn(clients)
                for line in self._check_ledger(client_no, known.get(client_no))
            ]
        finally:
            self._tokens.drop(token)
        fine = (
            "For every client that was asked about, the ledger has no document of a number that none has, and finds"
            " the one that it is known to have."
        )
        if not clients:
            of_ledger = [Line(Check.LEDGER, Level.WARNING, "The ledger was not asked, because there is no client.")]
        given = Line(Check.TOKEN, Level.OK, "The identity service gives a token.")
        return [given, *unless(of_ledger, Check.LEDGER, fine)]

    def _whose_turn(self, clients: Sequence[str]) -> list[str]:
        portions = max(-(-len(clients) // CLIENTS), 1)
        turn = int(self._now().timestamp() // EVERY.total_seconds()) % portions
        return list(clients[turn * CLIENTS : (turn + 1) * CLIENTS])

    def _check_ledger(self, client_no: str, known: Known | None) -> Iterator[Line]:
        try:
            document = self._ledger.document(client_no, NO_DOCUMENT, WITHIN)
            is_lost = known is not None and self._ledger.document(client_no, known.number, WITHIN) is None
        except NoAnswer as error:
            level = Level.WARNING if error.scope is Scope.CLIENT else Level.FAULT
            yield Line(Check.LEDGER, level, f"Asked about client {client_no}: {error.cause}.")
            return
        if document is not None:
            detail = f"Of client {client_no} it finds a document that does not exist: what it says proves nothing."
            yield _fault(Check.LEDGER, detail)
        if known and is_lost:
            day = known.learned_at.date().isoformat()
            yield _fault(Check.LEDGER, f"Of client {client_no} it does not find a document that it had on {day}.")

    def _check_topic(self) -> list[Line]:
        try:
            found = self._topic.subscriptions()
        except TopicUnavailable as error:
            return [_fault(Check.TOPIC, f"The topic cannot be asked: {error}")]
        lines: list[Line] = []
        if not found.confirmed:
            lines.append(Line(Check.TOPIC, Level.WARNING, "Nobody is subscribed, so nobody learns how orders end."))
        if found.pending:
            detail = f"{found.pending} subscriptions wait for their confirmation and get nothing."
            lines.append(Line(Check.TOPIC, Level.WARNING, detail))
        return unless(lines, Check.TOPIC, f"{found.confirmed} subscriptions are confirmed.")

    def _check_backlog(self) -> Iterator[Line]:
        now = self._now()
        due = [first for shard in range(SHARDS) if (first := self._store.first_due(str(shard)))]
        waits = max((now - first for first in due), default=timedelta(0))
        if waits > BACKLOG:
            minutes = int(waits.total_seconds() // 60)
            yield Line(
                Check.POLLER, Level.WARNING, f"The batch that is due for the longest waits for {minutes} minutes."
            )
        if held := self._store.waiting(HELD):
            yield Line(Check.POLLER, Level.WARNING, f"{held} batches are held: each waits for a person.")


def _fault(check: Check, text: str) -> Line:
    """Causes begin with small letters and end without a full stop."""
    sentence = text[:1].upper() + text[1:]
    return Line(check, Level.FAULT, sentence if sentence.endswith(".") else f"{sentence}.")
