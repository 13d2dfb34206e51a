import json
import secrets
from base64 import b64encode
from dataclasses import dataclass
from typing import Self

#: The sample client of ARM's documentation.
CLIENT_NO = "2218"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The secrets of one sandbox, new in every run."""

    arm_client_id: str
    arm_client_secret: str
    signing_secret: str

    @classmethod
    def new(cls) -> Self:
        """Random ones."""
        return cls(
            arm_client_id=f"sandbox-{secrets.token_hex(4)}",
            arm_client_secret=secrets.token_urlsafe(32),
            signing_secret=f"whsec_{b64encode(secrets.token_bytes(32)).decode()}",
        )

    def to_json(self) -> str:
        """In the form in which the deployed secret holds them."""
        return json.dumps(
            {
                "arm": {"clientId": self.arm_client_id, "clientSecret": self.arm_client_secret},
                "clients": {CLIENT_NO: {"signingSecrets": [self.signing_secret]}},
            }
        )
