"""`relay report` and `relay doctor` beside the functions."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from arm_relay.health import Check, Level, Line

from tests.support.builders import an_order
from tests.support.desk_world import Office, an_office


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    with an_office(monkeypatch, capsys) as found:
        yield found


def today() -> str:
    return str(datetime.now(UTC).astimezone(ZoneInfo("Europe/Oslo")).date())


def test_a_day_is_exact_in_csv(office: Office) -> None:
    office.apis.post(an_order(lines=[{"sku": "1", "name": "A", "quantity": 3, "unitPrice": 0.11, "vatRate": 25}]))

    said = office.relay("report", "today", "--csv")

    assert said.code == 0
    row, nothing = csv.DictReader(io.StringIO(said.out))
    assert datetime.fromisoformat(row.pop("countedAt")) <= datetime.now(UTC)
    assert row == {
        "date": today(),
        "timeZone": "Europe/Oslo",
        "event": "claimed",
        "clientNo": "2218",
        "currency": "NOK",
        "documentType": "IN",
        "status": "IN_PROGRESS",
        "orders": "1",
        "total": "0.41",
        "ordersWithoutTotal": "0",
        "counted": "so far",
    }
    assert (nothing["event"], nothing["orders"], nothing["total"]) == ("ended", "0", "0")
    assert Decimal(row["total"]) == Decimal("0.41")
    assert "may still change" in said.err


def test_a_day_is_what_a_norwegian_spreadsheet_opens(office: Office) -> None:
    office.apis.post(an_order())

    said = office.relay("report", "today", "--csv", "--spreadsheet")

    assert said.code == 0
    assert said.out.startswith("\N{ZERO WIDTH NO-BREAK SPACE}date;timeZone;event;")
    assert ";2218;NOK;IN;IN_PROGRESS;1;250,00;0;so far;" in said.out
    assert office.relay("report", "--spreadsheet").code == 2


def test_a_day_is_readable_in_a_table(office: Office) -> None:
    office.apis.post(an_order())

    said = office.relay("report", today())

    assert said.code == 0
    for shown in (f"{today()} (Europe/Oslo)", "may still change", "Accepted on this day", "250.00 NOK"):
        assert shown in said.out
    assert "Ended on this day: nothing" in said.out


def test_yesterday_is_the_default(office: Office) -> None:
    office.apis.post(an_order())

    said = office.relay("report", "--json")

    assert said.json["date"] < today()
    assert said.json["claimed"] == []


@pytest.mark.parametrize(("day", "told"), [("2025-02-30", "is not a day"), ("2999-01-01", "has not come yet")])
def test_a_day_that_is_none_is_told(office: Office, day: str, told: str) -> None:
    said = office.relay("report", day)

    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_a_doctor_says_what_does_not_work_and_what_to_do(office: Office) -> None:
    said = office.relay("doctor")

    assert said.code == 1
    assert "fault    poller: The poller has never run." in said.out
    assert "What to do: docs/operations.md#health-poller" in said.out
    assert office.relay("doctor", "--json").json["status"] == "fault"


def test_a_doctor_is_content_where_all_is_well(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = [Line(Check.POLLER, Level.OK, "The poller ran last."), Line(Check.PARAMETERS, Level.WARNING, "No https.")]
    monkeypatch.setattr("arm_relay.operators.health_report.Health._of_poller", lambda *_: fine)

    said = office.relay("doctor")

    assert said.code == 0
    assert "warning  parameters: No https." in said.out
