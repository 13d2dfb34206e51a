from datetime import timedelta

import pytest
from arm_relay.settings import Settings
from pydantic import ValidationError

ENVIRONMENT = {
    "TABLE_NAME": "relay",
    "ANNOUNCED_TABLE_NAME": "announced",
    "TOPIC_ARN": "arn:aws:sns:eu-north-1:1:results",
    "SECRET_ARN": "arn:aws:secretsmanager:eu-north-1:1:secret:relay",
    "ARM_BASE_URL": "https://api.staging.amili.no/arm/v1",
    "ARM_TOKEN_URL": "https://auth.staging.amili.no/token",
    "ARM_USER_ID": "arm-relay",
    "ARM_CONTRACT": "default",
    "INVOICE_TIME_ZONE": "Europe/Oslo",
    "FIRST_POLL_SECONDS": "30",
    "LONGEST_POLL_SECONDS": "900",
    "SETTLING_SECONDS": "901",
    "FAILURE_SETTLING_SECONDS": "902",
    "POLLERS_AT_ONCE": "1",
    "UNDECIDED_SECONDS": "3600",
    "HOLD_AFTER_SECONDS": "259200",
    "RETENTION_DAYS": "400",
    "PAYLOAD_RETENTION_DAYS": "90",
    "SIGNATURE_TOLERANCE_SECONDS": "300",
}


def read(**changes: str) -> Settings:
    return Settings.from_environment(ENVIRONMENT | changes)


def faults(environment: dict[str, str]) -> tuple[set[object], str]:
    """The variables found wrong, and the whole text of the error."""
    with pytest.raises(ValidationError) as error:
        Settings.from_environment(environment)
    return {fault["loc"][0] if fault["loc"] else "" for fault in error.value.errors()}, str(error.value)


def test_the_environment_is_read() -> None:
    settings = read(PATH="/bin", AWS_REGION="eu-north-1")

    assert settings.table_name == "relay"
    assert settings.arm_token_url == "https://auth.staging.amili.no/token"
    assert settings.invoice_time_zone == "Europe/Oslo"


def test_times_are_what_their_names_say() -> None:
    times = read().times()

    assert times.first_poll == timedelta(seconds=30)
    assert times.longest_poll == timedelta(minutes=15)
    assert times.settling == timedelta(seconds=901)
    assert times.failure_settling == timedelta(seconds=902)
    assert times.undecided == timedelta(hours=1)
    assert times.hold_after == timedelta(days=3)
    assert times.retention == timedelta(days=400)


@pytest.mark.parametrize("value", ["0", "2592001", "1.5", "soon", ""])
def test_a_time_out_of_bounds_is_named(value: str) -> None:
    assert faults(ENVIRONMENT | {"SETTLING_SECONDS": value})[0] == {"SETTLING_SECONDS"}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_variable_is_named(name: str) -> None:
    named, text = faults({other: value for other, value in ENVIRONMENT.items() if other != name})

    assert named == {name}
    assert name in text


def test_all_that_is_missing_is_named_at_once() -> None:
    named, _ = faults({})

    assert named == set(ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in ENVIRONMENT if "SECONDS" in name for value in ("0", "-1", "soon", "", "1.5")],
        ("RETENTION_DAYS", "0"),
        ("INVOICE_TIME_ZONE", "Oslo"),
        ("INVOICE_TIME_ZONE", ""),
        ("INVOICE_TIME_ZONE", "../etc/passwd"),
        ("INVOICE_TIME_ZONE", "Europe"),
    ],
)
def test_a_wrong_variable_is_named_without_its_value(name: str, value: str) -> None:
    named, text = faults(ENVIRONMENT | {name: value})

    assert named == {name}
    assert f"input_value={value!r}" not in text


def test_no_fault_shows_the_other_variables() -> None:
    _, text = faults(ENVIRONMENT | {"RETENTION_DAYS": "0"})

    assert not [value for name, value in ENVIRONMENT.items() if len(value) > 5 and value in text]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read().table_name = "other"  # type: ignore[misc]
