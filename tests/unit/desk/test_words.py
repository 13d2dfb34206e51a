from datetime import UTC, timedelta, timezone
from decimal import Decimal

import pytest

from desk.words import THIN, amount, count, moment, sums


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("6500.0"), f"6{THIN}500.00 NOK"),
        (Decimal("-1234567.5"), f"-1{THIN}234{THIN}567.50 NOK"),
        (Decimal("0.125"), "0.125 NOK"),
        (Decimal("1E+3"), f"1{THIN}000.00 NOK"),
        (250, "250.00 NOK"),
        (None, "not recorded"),
    ],
)
def test_amounts_are_grouped_and_keep_every_digit(value: Decimal | int | None, shown: str) -> None:
    assert amount(value, "NOK") == shown


def test_times_are_shown_in_a_zone_to_the_second() -> None:
    assert moment("2025-02-27T23:30:59.999000Z", timezone(timedelta(hours=1))) == "2025-02-28 00:30:59"
    assert moment("2025-02-27T23:30:59Z", UTC) == "2025-02-27 23:30:59"
    assert moment(None) == "-"


def test_sums_of_different_currencies_are_not_added() -> None:
    nok = {"currency": "NOK", "documentType": "IN", "orders": 2, "total": Decimal(500)}
    unknown = {"currency": None, "documentType": "CN", "orders": 1, "total": None}

    assert sums([nok, unknown]) == "500.00 NOK (IN)\nnot recorded (CN)"  # type: ignore[list-item] # as JSON has them
    assert sums([]) == "-"


def test_counts_agree_with_their_nouns() -> None:
    assert [count(1, "batch", "batches"), count(2, "batch", "batches"), count(0, "order")] == [
        "1 batch",
        "2 batches",
        "0 orders",
    ]
