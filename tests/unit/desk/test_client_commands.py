"""`relay clients ...`, `send` and `results` beside the functions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.api_world import SECRET, SIGNING_SECRET
from tests.support.builders import an_order
from tests.support.desk_world import Office, an_office


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    with an_office(monkeypatch, capsys) as found:
        yield found


def kept() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        boto3.client("secretsmanager").get_secret_value(SecretId="secret")["SecretString"]
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
    refused = office.relay("clients", "revoke", "2219", "--place", "1", "--yes")
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


@pytest.mark.parametrize("options", [(), ("--all", "--place", "1")])
def test_what_is_revoked_is_said_once(office: Office, options: tuple[str, ...]) -> None:
    said = office.relay("clients", "revoke", "2218", *options)

    assert said.code == 2
    assert "say which one" in said.err


def test_somebody_elses_change_at_the_same_moment_is_noticed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object, **__: object) -> None:
        service = boto3.client("secretsmanager")
        service.put_secret_value(SecretId="secret", SecretString=json.dumps(SECRET | {"by": "another"}))

    monkeypatch.setattr("desk.console.Desk.confirm", meanwhile)

    said = office.relay("clients", "rotate", "2218")

    assert said.code == 2
    assert "somebody else changed the secret" in said.err


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
