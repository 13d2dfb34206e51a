"""Every environment variable the relay reads, in one place. The template sets them all and describes each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_snake

from arm_relay.arm.outcomes import Vocabulary
from arm_relay.batches import Times
from arm_relay.mapping import Mapping as OrderMapping


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be a time zone of the IANA database, like Europe/Oslo") from None
    return name


#: Up to thirty days, as the longest the template allows.
type Seconds = Annotated[int, Field(ge=1, le=2_592_000)]


class Settings(BaseModel):
    """The environment, checked."""

    model_config = ConfigDict(
        alias_generator=lambda name: to_snake(name).upper(), frozen=True, hide_input_in_errors=True, extra="ignore"
    )

    table_name: str
    topic_arn: str
    secret_arn: str
    arm_base_url: str
    arm_token_url: str
    arm_user_id: str
    #: `WORD=meaning` pairs: see `arm.outcomes`.
    arm_result_words: str = ""
    arm_result_codes: str = ""
    credit_note_document_type: str = ""
    invoice_time_zone: Annotated[str, AfterValidator(_time_zone)]
    first_look_seconds: Seconds
    longest_look_seconds: Seconds
    settling_seconds: Seconds
    undecided_seconds: Seconds
    hold_after_seconds: Seconds
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    signature_tolerance_seconds: Seconds

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            pydantic.ValidationError: naming every variable that is missing or wrong.
        """
        return cls.model_validate(dict(environment))

    @model_validator(mode="after")
    def _words_are_known(self) -> Self:
        self.vocabulary()
        return self

    def vocabulary(self) -> Vocabulary:
        """ARM's words and codes, with the deployer's."""
        return Vocabulary.extended(self.arm_result_words, self.arm_result_codes)

    def mapping(self) -> OrderMapping:
        """What the mapping needs to know."""
        return OrderMapping(user_id=self.arm_user_id, credit_note_type=self.credit_note_document_type)

    def signature_tolerance(self) -> timedelta:
        """How old a signature may be, and how far ahead."""
        return timedelta(seconds=self.signature_tolerance_seconds)

    def times(self) -> Times:
        """How long batches wait for what."""
        return Times(
            first_look=timedelta(seconds=self.first_look_seconds),
            longest_look=timedelta(seconds=self.longest_look_seconds),
            settling=timedelta(seconds=self.settling_seconds),
            undecided=timedelta(seconds=self.undecided_seconds),
            hold_after=timedelta(seconds=self.hold_after_seconds),
            retention=timedelta(days=self.retention_days),
        )
