"""`relay clients ...`, `send` and `results` beside the functions."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import Any

import boto3
import pytest

from desk import client_commands
from desk.console import Chosen
from desk.problems import Problem
from desk.stack_secret import MaybeWritten, StackSecret
from tests.support.api_world import SECRET, SIGNING_SECRET
from tests.support.builders import an_order
from tests.support.desk_world import Office, an_office


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    with an_office(monkeypatch, capsys) as found:
        yield found


def kept() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        boto3.client("secretsmanager").get_secret_value(SecretId="secret", VersionStage="AWSCURRENT")["SecretString"]
    )
    return content


def test_clients_are_listed_without_their_secrets(office: Office) -> None:
    said = office.relay("clients", "list")
    for_programs = office.relay("clients", "list", "--json")

    assert (said.code, for_programs.code) == (0, 0)
    assert "not seen since" in said.out
    assert for_programs.json["clients"][0]["clientNo"] == "2218"
    assert SIGNING_SECRET.removeprefix("whsec_") not in said.out + for_programs.out


def test_a_new_secret_is_shown_once_and_signs(office: Office, order_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = office.relay("clients", "rotate", "2218", "--yes", "--json")

    secret = given.json["signingSecret"]
    assert kept()["clients"]["2218"]["signingSecrets"][0] == SIGNING_SECRET
    assert kept()["clients"]["2218"]["signingSecrets"][1]["secret"] == secret
    assert kept()["arm"] == SECRET["arm"]
    assert secret not in office.relay("clients", "list").out
    monkeypatch.setenv("ARM_RELAY_SIGNING_SECRET", secret)
    assert office.relay("send", order_file, "--client", "2218", "--yes").code == 0


def test_a_client_is_added_and_revoked(office: Office) -> None:
    office.relay("clients", "add", "2219", "--yes")
    refused = office.relay("clients", "revoke", "2219", "--place", "1", typed="y\n")
    meant = office.relay("clients", "revoke", "2219", "--all", typed="y\n")

    assert (refused.code, meant.code) == (2, 0)
    assert "could sign nothing" in refused.err
    assert kept()["clients"]["2219"]["signingSecrets"] == []


@pytest.mark.parametrize(
    "command", [("add", "2219"), ("rotate", "2218"), ("revoke", "2218", "--all")], ids=lambda words: words[0]
)
@pytest.mark.parametrize("how", ["dry run", "nobody there", "no"])
def test_nothing_changes_without_a_yes(office: Office, command: tuple[str, ...], how: str) -> None:
    before = kept()

    options = ["--dry-run"] if how == "dry run" else []
    said = office.relay("clients", *command, *options, typed="n\n" if how == "no" else None)

    assert said.code == (0 if how == "dry run" else 2)
    assert kept() == before
    assert "whsec" not in said.out


@pytest.mark.parametrize("options", [(), ("--all", "--place", "1"), ("--fingerprint", "00", "--place", "1")])
def test_what_is_revoked_is_said_once(office: Office, options: tuple[str, ...]) -> None:
    said = office.relay("clients", "revoke", "2218", *options)

    assert said.code == 2
    assert "say which one" in said.err


def test_somebody_elses_change_at_the_same_moment_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object, **__: object) -> None:
        service = boto3.client("secretsmanager")
        service.put_secret_value(SecretId="secret", SecretString=json.dumps(SECRET | {"by": "another"}))

    monkeypatch.setattr("desk.console.Desk.confirm", meanwhile)

    said = office.relay("clients", "rotate", "2218")

    assert (said.code, said.out) == (2, "")
    assert "somebody else changed the secret" in said.err
    assert kept() == SECRET | {"by": "another"}


class FullDisk(io.StringIO):
    """Standard output that takes nothing."""

    def write(self, _: str) -> int:
        raise OSError(ENOSPC, "No space left on device")


def test_a_secret_that_is_written_is_handed_over_where_it_cannot_be_printed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", FullDisk())

    said = office.relay("clients", "rotate", "2218", "--yes", "--json")

    assert said.code == 0
    assert "The secret is written, but could not be printed" in said.err
    assert kept()["clients"]["2218"]["signingSecrets"][1]["secret"] in said.err


def test_a_secret_that_may_be_written_is_handed_over(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    put = StackSecret.put

    def unsure(secret: StackSecret, content: dict[str, Any]) -> None:
        put(secret, content)
        raise MaybeWritten("the answer was lost")

    monkeypatch.setattr(StackSecret, "put", unsure)

    said = office.relay("clients", "rotate", "2218", "--yes", "--json")

    assert (said.code, "the answer was lost" in said.err) == (2, True)
    assert said.json["signingSecret"] == kept()["clients"]["2218"]["signingSecrets"][1]["secret"]


def secrets_of(office: Office, client_no: str = "2218") -> list[dict[str, Any]]:
    """What the list says of a client's secrets."""
    listed = office.relay("clients", "list", "--json").json["clients"]
    return [row for row in listed if row["clientNo"] == client_no]


def test_a_leaked_secret_is_revoked_though_the_log_cannot_be_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise Problem("you may not read the log")

    office.relay("clients", "rotate", "2218", "--yes")
    first, *others = secrets_of(office)
    with monkeypatch.context() as patch:
        patch.setattr(client_commands, "_last_signed", refused)
        said = office.relay("clients", "revoke", "2218", "--fingerprint", first["fingerprint"], "--yes")

    assert said.code == 0
    assert "you may not read the log" in said.err
    assert [row["fingerprint"] for row in secrets_of(office)] == [row["fingerprint"] for row in others]


def test_the_same_command_twice_revokes_no_other_secret(office: Office) -> None:
    office.relay("clients", "rotate", "2218", "--yes")
    office.relay("clients", "rotate", "2218", "--yes")
    first, *others = secrets_of(office)

    by_place = office.relay("clients", "revoke", "2218", "--place", "1", "--yes")
    twice = [office.relay("clients", "revoke", "2218", "--fingerprint", first["fingerprint"], "--yes") for _ in "12"]

    assert by_place.code == 2
    assert "name the secret itself" in by_place.err
    assert [said.code for said in twice] == [0, 2]
    assert "has no secret with the fingerprint" in twice[1].err
    assert [row["fingerprint"] for row in secrets_of(office)] == [row["fingerprint"] for row in others]


def test_the_question_tells_the_secret_from_the_others(office: Office) -> None:
    office.relay("clients", "rotate", "2218", "--old-ends-in", "3", "--yes")
    first, _ = secrets_of(office)

    said = office.relay("clients", "revoke", "2218", "--place", "1", typed="n\n")

    assert first["fingerprint"] in said.out
    assert first["notAfter"][:10] in said.out
    assert "last signed not seen since" in said.out


@pytest.mark.parametrize("how", ["dry run", "yes", "question"])
def test_that_only_secrets_with_an_end_are_left_is_told(office: Office, how: str) -> None:
    office.relay("clients", "rotate", "2218", "--old-ends-in", "1", "--yes")
    _, newest = secrets_of(office)
    which = ("clients", "revoke", "2218", "--fingerprint", newest["fingerprint"])

    said = {
        "dry run": lambda: office.relay(*which, "--dry-run"),
        "yes": lambda: office.relay(*which, "--yes"),
        "question": lambda: office.relay(*which, typed="n\n"),
    }[how]()

    assert "After that the client can sign until" in said.out + said.err


@pytest.mark.parametrize(
    "words",
    [("rotate", "2218", "--old-ends-in", "999999999", "--yes"), ("list", "--days", "99999999999999")],
    ids=lambda words: words[0],
)
def test_a_number_of_days_beyond_all_measure_is_told(office: Office, words: tuple[str, ...]) -> None:
    said = office.relay("clients", *words)

    assert said.code == 2
    assert "3650" in said.err


# What a client's own program does.


@pytest.fixture
def order_file(tmp_path: Path) -> str:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(an_order()))
    return str(file)


def test_orders_are_sent_after_a_yes(office: Office, order_file: str) -> None:
    nobody = office.relay("send", order_file, "--client", "2218")
    said = office.relay("send", order_file, "--client", "2218", typed="y\n")

    assert (nobody.code, said.code) == (2, 0)
    assert "add --yes" in nobody.err
    assert "accepted" in said.out
    assert "250.00 NOK" in said.out


@pytest.mark.parametrize("has_simulator", [True, False], ids=["simulator", "an ARM outside"])
def test_a_sandbox_with_an_arm_outside_asks_before_orders_are_sent(
    office: Office, order_file: str, monkeypatch: pytest.MonkeyPatch, *, has_simulator: bool
) -> None:
    connection = replace(
        Chosen().connection(), client_no="2218", signing_secret=SIGNING_SECRET, has_simulator=has_simulator
    )
    monkeypatch.setattr("desk.console.Chosen.connection", lambda _: connection)

    said = office.relay("send", order_file, "--sandbox")

    assert said.code == (0 if has_simulator else 2)
    assert ("add --yes" in said.err) is not has_simulator


def test_no_aws_is_needed_where_the_url_is_known(
    office: Office, order_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_RELAY_WEBHOOK_URL", f"{office.url}/v1/clients/2218/orders")

    said = office.relay("send", order_file, "--yes", "--json")

    assert said.code == 0
    assert said.json["orders"][0]["outcome"] == "accepted"


def test_a_preview_sends_nothing_and_asks_nothing(office: Office, order_file: str) -> None:
    said = office.relay("send", order_file, "--client", "2218", "--preview")

    assert said.code == 0
    assert '"documentNo": "88776655"' in said.out
    assert office.relay("orders", "find", "B-1", "--client", "2218").code == 1


def test_what_is_wrong_with_orders_is_told_with_each_place(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps([an_order(customerNo=None), an_order(id="evt-2", invoiceNo="2")]))

    rejected = office.relay("send", str(file), "--client", "2218", "--yes")
    some = office.relay("send", str(file), "--client", "2218", "--yes", "--on-invalid", "accept-valid")

    right = tmp_path / "right.json"
    right.write_text(json.dumps(an_order(id="evt-3", invoiceNo="3")))
    both = office.relay("send", str(right), str(file), "--client", "2218", "--yes")

    assert (rejected.code, some.code, both.code) == (1, 1, 1)
    assert both.out.endswith(f"3 orders: 1 accepted, 2 refused ({file}: 2).\n")
    assert "NOT ACCEPTED" in rejected.out
    assert "/0/customerNo" in rejected.out
    assert "/0/customerNo" in some.out
    assert "accepted" in some.out


@pytest.mark.parametrize(
    ("content", "told"), [(b"{", "is not JSON"), (b"\xff", "is not UTF-8"), (None, "cannot be read")]
)
def test_a_file_that_is_none_is_told(office: Office, tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "order.json"
    if content is not None:
        file.write_bytes(content)

    said = office.relay("send", str(file), "--client", "2218", "--yes")

    assert said.code == 2
    assert told in said.err


def test_a_secret_that_is_none_is_told_and_not_shown(
    office: Office, order_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_RELAY_SIGNING_SECRET", "s3cr3t!")

    said = office.relay("send", order_file, "--client", "2218", "--yes")

    assert said.code == 2
    assert "not a signing secret" in said.err
    assert "s3cr3t!" not in said.err


def test_a_secret_is_never_an_argument(office: Office, order_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_RELAY_SIGNING_SECRET")

    said = office.relay("send", order_file, "--client", "2218", "--yes")

    assert said.code == 2
    assert "set ARM_RELAY_SIGNING_SECRET" in said.err


def test_results_that_are_not_there_are_told(office: Office) -> None:
    office.apis.post(an_order())

    said = office.relay("results", "--client", "2218")

    assert said.code == 0
    assert "Nothing was announced since" in said.out
