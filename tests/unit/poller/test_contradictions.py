"""Parameters that contradict each other."""

import pytest
from arm_relay.poller.contradictions import contradictions
from arm_relay.settings import Settings

from tests.support.settings import environment


def found(**parameters: object) -> list[str]:
    return list(contradictions(Settings.from_environment(environment(parameters))))


def test_the_templates_defaults_do_not_contradict_each_other() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"SettlingSeconds": 7200, "HoldAfterSeconds": 7200}, "SettlingSeconds"),
        ({"UndecidedSeconds": 400000}, "UndecidedSeconds"),
        ({"FirstPollSeconds": 60, "LongestPollSeconds": 30}, "FirstPollSeconds is longer"),
        ({"RetentionDays": 60}, "PayloadRetentionDays is larger"),
        ({"PayloadRetentionDays": 7, "HoldAfterSeconds": 2592000}, "PayloadRetentionDays is shorter"),
        ({"ArmBaseUrl": "http://api.staging.amili.no/arm/v1"}, "ArmBaseUrl is not https"),
        ({"ArmBaseUrl": "https://api.amili.no/arm/v1"}, "One of ArmBaseUrl and ArmTokenUrl"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_a_contradiction_names_its_parameters(parameters: dict[str, object], named: str) -> None:
    (contradiction,) = found(**parameters)

    assert contradiction.startswith(named)
    assert contradiction.endswith(".")
