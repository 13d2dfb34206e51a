import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from sandbox.errors import SandboxError


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What the sandbox prints when it is ready: where everything is. In the printed line the names are in camelCase."""

    #: The sample client's full orders URL.
    webhook_url: str
    #: The base URL of the operators' routes; requests are signed by AWS Signature Version 4.
    operators_url: str
    client_no: str
    signing_secret: str
    #: The address of every AWS service; access key and secret key are both `test`.
    aws_endpoint_url: str
    table_name: str
    topic_arn: str
    secret_arn: str
    #: The log of the function for senders.
    webhook_log_group_name: str
    #: A queue subscribed to the topic, raw: each message body is one notification.
    results_queue_url: str
    arm_base_url: str
    #: The simulator's token URL, and the credentials that it takes; absent when an ARM outside is used.
    arm_token_url: str | None = None
    arm_client_id: str | None = None
    arm_client_secret: str | None = None
    #: The simulator's control; absent when an ARM outside is used.
    arm_control_url: str | None = None

    def to_json(self) -> str:
        """The line."""
        return json.dumps({_camel_case(name): value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read a line back."""
        values = json.loads(line)
        return cls(**{field.name: values.get(_camel_case(field.name)) for field in fields(cls)})

    @classmethod
    def left(cls, file: Path, other_advice: str = "") -> Self:
        """The ready line that a running sandbox has written to a file.

        Raises:
            SandboxError: there is no such file, or it holds something else.
        """
        try:
            return cls.from_json(file.read_text())
        except OSError:
            advice = ", ".join(filter(None, ("run `make sandbox`", other_advice)))
            raise SandboxError(f"no sandbox is running: there is no {file}; {advice}") from None
        except (ValueError, AttributeError):
            raise SandboxError(f"{file} does not hold a sandbox's ready line") from None


@contextmanager
def left_in(file: Path, ready: Ready) -> Iterator[None]:
    """The ready line in a file during the `with` block; for its owner alone, as it has a secret in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(ready.to_json() + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
