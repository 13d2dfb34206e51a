"""The poller checks whether the relay can do its work."""

import base64
import json
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.wire import Wire
from arm_relay.batches import steps
from arm_relay.health import Check, Level, Line
from arm_relay.operators import health_report
from arm_relay.operators.health_report import Health
from arm_relay.poller.health_check import (
    BACKLOG,
    CLIENTS,
    EVERY,
    NO_DOCUMENT,
    HealthCheck,
    Subscriptions,
    TopicUnavailable,
)
from arm_relay.secrets import Secrets, SecretUnavailable
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness
from arm_relay.store.table import Store

from sandbox.arm.transport import SimulatedTransport
from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.arm_builders import a_document, a_payload, a_simulator
from tests.support.builders import TIMES, a_batch
from tests.support.contracts import DEFAULT
from tests.support.store_contract import MARKER_LIFE, TABLE

MINUTE = timedelta(minutes=1)


def a_key(letter: str) -> str:
    return "whsec_" + base64.b64encode(letter.encode() * 24).decode()


class Topic:
    def __init__(self) -> None:
        self.found: Subscriptions | None = Subscriptions(1, 0)

    def subscriptions(self) -> Subscriptions:
        if self.found is None:
            raise TopicUnavailable("ClientError")
        return self.found


class World:
    def __init__(self) -> None:
        self.arm = a_simulator()
        self.dynamodb = InMemoryDynamoDB()
        client = cast("Any", self.dynamodb)
        self.store = Store(client, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
        self.days = Days(client, TABLE)
        self.liveness = Liveness(client, TABLE)
        self.topic = Topic()
        self.contradictions: list[str] = []
        self.secret: dict[str, Any] | None = {
            "arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"},
            "clients": {"2218": {"signingSecrets": [a_key("a")]}},
        }
        self.asked: list[str] = []
        self.check = self.a_check()

    def a_check(self) -> HealthCheck:
        now = self.arm.clock.now
        wire = Wire(Noted(self), lambda: now().timestamp())
        secrets = Secrets(self.fetch, now)
        tokens = Tokens(wire, "https://arm.example/token", secrets.credentials, lambda: now().timestamp())
        return HealthCheck(
            store=self.store,
            days=self.days,
            secrets=secrets,
            tokens=tokens,
            ledger=ArmClient(wire, tokens, "https://arm.example/arm/v1", DEFAULT.turned),
            topic=self.topic,
            contradictions=self.contradictions,
            known=self.liveness.known,
            now=now,
        )

    def fetch(self) -> str:
        if self.secret is None:
            raise SecretUnavailable("the secret cannot be read")
        return json.dumps(self.secret)

    def found(self, *checks: Check) -> list[tuple[Level, str]]:
        """What a check of a new environment finds."""
        return [(line.level, line.detail) for line in self.a_check().lines() if line.check in checks]

    def report(self) -> health_report.HealthReport:
        return Health(days=self.days, liveness=self.liveness, now=self.arm.clock.now).report()


class Noted(SimulatedTransport):
    """The way to ARM; what is asked is noted."""

    def __init__(self, world: World) -> None:
        super().__init__(world.arm.api, world.arm.clock.sleep)
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._world.asked.append(request.url.path)
        return super().handle_request(request)


@pytest.fixture
def world() -> World:
    return World()


def test_all_is_well(world: World) -> None:
    lines = world.check.lines()

    assert {line.level for line in lines} == {Level.OK}
    assert [line.check for line in lines] == [
        Check.SECRET,
        Check.TOKEN,
        Check.LEDGER,
        Check.TOPIC,
        Check.POLLER,
        Check.PARAMETERS,
    ]
    assert world.asked == ["/token", f"/arm/v1/clients/2218/documents/{NO_DOCUMENT}"]


def test_each_check_asks_for_a_new_token(world: World) -> None:
    world.check.lines()
    world.check.lines()

    assert world.asked.count("/token") == 2


def test_an_identity_service_that_gives_no_token_is_a_fault(world: World) -> None:
    world.arm.fail("token", "status", 1, status=401)

    assert world.found(Check.TOKEN, Check.LEDGER) == [
        (Level.FAULT, "No token: the identity service answered 401."),
        (Level.WARNING, "The ledger was not asked, because there is no token."),
    ]


@pytest.mark.parametrize(
    ("status", "level"), [(503, Level.FAULT), (500, Level.FAULT), (403, Level.WARNING), (429, Level.WARNING)]
)
def test_a_ledger_that_does_not_answer_is_told(world: World, status: int, level: Level) -> None:
    world.arm.fail("document", "status", 5, status=status)

    assert world.found(Check.LEDGER) == [(level, f"Asked about client 2218: ARM answered {status}.")]


def test_a_ledger_that_finds_what_does_not_exist_is_a_fault(world: World) -> None:
    world.arm.ledger.accept("2218", a_payload(a_document(documentNo=NO_DOCUMENT)))
    world.arm.clock.sleep(3600)

    ((level, detail),) = world.found(Check.LEDGER)

    assert level is Level.FAULT
    assert "proves nothing" in detail


def test_a_ledger_that_does_not_find_what_it_had_is_a_fault(world: World) -> None:
    world.liveness.learn({"2218": "A1"}, world.arm.clock.now())

    assert world.found(Check.LEDGER) == [
        (Level.FAULT, "Of client 2218 it does not find a document that it had on 2025-02-27.")
    ]

    world.arm.ledger.accept("2218", a_payload(a_document(documentNo="A1")))
    world.arm.clock.sleep(3600)
    ((level, _),) = world.found(Check.LEDGER)
    assert level is Level.OK


def test_the_ledger_is_asked_about_a_few_clients_at_a_time_and_about_each_in_its_turn(world: World) -> None:
    clients = {str(number): {"signingSecrets": [a_key(chr(97 + number))]} for number in range(10)}
    world.secret = {"arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"}, "clients": clients}

    asked: set[str] = set()
    for _ in range(5):
        world.asked.clear()
        world.a_check().lines()
        about = {path.split("/")[4] for path in world.asked if path != "/token"}
        assert len(about) <= CLIENTS
        asked |= about
        world.arm.clock.sleep(EVERY.total_seconds())

    assert asked == set(clients)


def test_a_secret_that_cannot_be_read_is_a_fault(world: World) -> None:
    world.secret = None

    assert world.found(Check.SECRET) == [(Level.FAULT, "The secret cannot be read.")] * 2
    assert [level for level, _ in world.found(Check.TOKEN)] == [Level.FAULT]


def test_each_client_whose_part_of_the_secret_is_of_no_use_is_told_and_nothing_of_its_content(world: World) -> None:
    soon = (world.arm.clock.now() + timedelta(days=1)).isoformat()
    past = (world.arm.clock.now() - timedelta(days=1)).isoformat()
    world.secret = {
        "arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"},
        "clients": {
            "1": {"signingSecrets": ["whsec_hunter2"]},
            "2": {"signingSecrets": []},
            "3": {"signingSecrets": [{"secret": a_key("c"), "notAfter": past}]},
            "4": {"signingSecrets": [{"secret": a_key("d"), "notAfter": soon}]},
            "5": {"signingSecrets": [a_key("e"), a_key("f")]},
            "6": {"signingSecrets": [a_key("g"), a_key("f")]},
            "7": {"signingSecrets": [a_key("h")], "maxTotal": {"NOK": "hunter2"}},
        },
    }

    found = world.found(Check.SECRET)

    shared = "A signing secret stands under several clients (5: 2, 6: 2) and signs for none."
    assert [level for level, _ in found] == [Level.FAULT] * 3 + [Level.WARNING] * 3 + [Level.FAULT]
    details = [detail for _, detail in found]
    assert details[0].startswith("Client 1: signing secret 1 is ")
    assert details[1:6] == [
        "Client 2 has no signing secret.",
        "No signing secret of client 3 may sign: expired, or under two clients.",
        "The last signing secret of client 4 ends within 7 days.",
        shared,
        shared,
    ]
    assert details[6].startswith("MaxTotal of client 7 ")
    assert "hunter2" not in repr(found)
    assert a_key("f") not in repr(found)


def test_a_topic_that_nobody_reads_is_a_warning(world: World) -> None:
    world.topic.found = Subscriptions(0, 2)
    assert [level for level, _ in world.found(Check.TOPIC)] == [Level.WARNING, Level.WARNING]

    world.topic.found = None
    assert world.found(Check.TOPIC) == [(Level.FAULT, "The topic cannot be asked: ClientError.")]


def test_a_backlog_and_held_batches_are_warnings(world: World) -> None:
    now = world.arm.clock.now()
    late = a_batch(due=now - BACKLOG - MINUTE)
    assert world.store.claim(late, {})
    held = world.store.claim(a_batch(id="b2", orders=()), {})
    assert held
    saved = world.store.save(steps.held(held, "too old", now))
    assert saved
    world.store.save(steps.announced(saved))

    assert world.found(Check.POLLER) == [
        (Level.WARNING, "The batch that is due for the longest waits for 11 minutes."),
        (Level.WARNING, "1 batches are held: each waits for a person."),
    ]


def test_contradictions_are_warnings(world: World) -> None:
    world.contradictions.append("One thing contradicts another.")

    assert world.found(Check.PARAMETERS) == [(Level.WARNING, "One thing contradicts another.")]


# When it is checked, and what is shown.


def test_what_was_found_is_shown_with_the_runbook(world: World) -> None:
    world.liveness.begin_run(world.arm.clock.now())
    world.arm.fail("document", "status", 1, status=503)
    world.check.run(lambda: 55.0)

    report = world.report()

    assert (report.level, report.checked_at) == (Level.FAULT, world.arm.clock.now())
    fault = Line(Check.LEDGER, Level.FAULT, "Asked about client 2218: ARM answered 503.")
    assert fault in report.lines
    assert fault.to_json()["runbook"] == "docs/operations.md#health-ledger"
    assert {line.check for line in report.lines} == set(Check)


def test_it_is_checked_every_five_minutes_whatever_environment_does_it(world: World) -> None:
    for second in range(0, 1200, 60):
        (world.check if second % 120 else world.a_check()).run(lambda: 55.0)
        world.arm.clock.sleep(60)

    assert world.asked.count("/token") == 4


def test_a_run_that_has_little_time_left_does_not_begin_a_check(world: World) -> None:
    world.check.run(lambda: 19.0)

    assert world.asked == []


def test_a_poller_that_has_never_run_is_a_fault(world: World) -> None:
    assert world.report().level is Level.FAULT
    assert "The poller has never run." in [line.detail for line in world.report().lines]


def test_a_poller_that_has_stopped_is_a_fault_though_its_last_check_was_good(world: World) -> None:
    world.liveness.begin_run(world.arm.clock.now())
    world.check.run(lambda: 55.0)
    assert world.report().level is Level.OK

    world.arm.clock.sleep(601)

    assert world.report().level is Level.FAULT


def test_a_poller_that_finds_no_time_to_check_is_a_warning(world: World) -> None:
    world.check.run(lambda: 55.0)
    world.arm.clock.sleep(1201)
    world.liveness.begin_run(world.arm.clock.now())

    assert world.report().level is Level.WARNING
    assert any("finds no time" in line.detail for line in world.report().lines)
