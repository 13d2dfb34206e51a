"""Every environment variable that the relay reads. The template sets them all and describes each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_snake

from arm_relay.batches.batch import Times


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be a time zone of the IANA database, like Europe/Oslo") from None
    return name


#: Up to thirty days, the longest time that the template allows.
type Seconds = Annotated[int, Field(ge=1, le=2_592_000)]


class Settings(BaseModel):
    """The environment variables, checked."""

    model_config = ConfigDict(
        alias_generator=lambda name: to_snake(name).upper(), frozen=True, hide_input_in_errors=True, extra="ignore"
    )

    table_name: str
    announced_table_name: str
    topic_arn: str
    secret_arn: str
    arm_base_url: str
    arm_token_url: str
    arm_user_id: str
    #: The name of a contract: see `arm.contract_files`.
    arm_contract: Annotated[str, Field(min_length=1)]
    vat_rounding: Literal["rate", "line"] = "rate"
    kid_check: Literal["on", "off"] = "off"
    invoice_time_zone: Annotated[str, AfterValidator(_time_zone)]
    first_poll_seconds: Seconds
    longest_poll_seconds: Seconds
    settling_seconds: Seconds
    failure_settling_seconds: Seconds
    undecided_seconds: Seconds
    hold_after_seconds: Seconds
    pollers_at_once: Annotated[int, Field(ge=1, le=8)]
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    payload_retention_days: Annotated[int, Field(ge=1, le=3650)]
    signature_tolerance_seconds: Seconds

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            pydantic.ValidationError: naming every variable that is missing or wrong.
        """
        return cls.model_validate(dict(environment))

    def signature_tolerance(self) -> timedelta:
        """How old a signature may be, and how far in the future."""
        return timedelta(seconds=self.signature_tolerance_seconds)

    def payload_retention(self) -> timedelta:
        """How long what was sent of orders is kept after their claim: never longer than their batches."""
        return timedelta(days=min(self.payload_retention_days, self.retention_days))

    def times(self) -> Times:
        """How long batches wait for what."""
        return Times(
            first_poll=timedelta(seconds=self.first_poll_seconds),
            longest_poll=timedelta(seconds=self.longest_poll_seconds),
            settling=timedelta(seconds=self.settling_seconds),
            failure_settling=timedelta(seconds=self.failure_settling_seconds),
            undecided=timedelta(seconds=self.undecided_seconds),
            hold_after=timedelta(seconds=self.hold_after_seconds),
            retention=timedelta(days=self.retention_days),
        )
