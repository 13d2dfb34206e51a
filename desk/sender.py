"""Requests as a client sends them, signed with its signing secret (Standard Webhooks)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
from arm_relay.signing_keys import Malformed, listed
from standardwebhooks.webhooks import Webhook

from desk.answers import Results, read_as
from desk.api import TIMEOUT, Send, answer_of
from desk.problems import Problem


@dataclass(frozen=True, slots=True)
class Sender:
    """One client, who sends orders and reads results."""

    #: The URL to which its orders are posted.
    orders_url: str
    secret: str = field(repr=False)
    send: Send
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def __post_init__(self) -> None:
        """See that the secret is one.

        Raises:
            Problem: it is not.
        """
        try:
            listed([self.secret])
        except Malformed:
            raise Problem("this is not a signing secret: it should be whsec_ followed by base64") from None

    def orders(self, body: str, *, to: str = "", query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 (JSON)
        """The answer to orders, or to what else is posted under their URL, such as `/preview`.

        Raises:
            Answered: the relay answered with a problem.
            Problem: it could not be reached, or something else answered.
        """
        url = self.orders_url.rstrip("/") + to
        return self._post(f"{url}?{urlencode(query)}" if query else url, body)

    def results(self, after: str | None, limit: int) -> dict[str, Any]:
        """The client's notifications behind a cursor or a time, where to go on, and whether there are more at once.

        Raises:
            Answered: the relay answered with a problem.
            Problem: it could not be reached, or something else answered.
        """
        question = {"limit": limit} | ({"after": after} if after else {})
        url = self.orders_url.rstrip("/").removesuffix("/orders") + "/results"
        answer: dict[str, Any] = self._post(url, json.dumps(question))
        # Each notification is shown word for word, so that what was read is given back.
        read_as(Results, answer)
        return answer

    def _post(self, url: str, body: str) -> Any:  # noqa: ANN401 (JSON)
        message_id = f"msg_{self.new_id()}"
        now = self.now()
        headers = {"content-type": "application/json", **signature(self.secret, message_id, now, body)}
        try:
            request = httpx.Request("POST", url, content=body.encode(), headers=headers)
            response = self.send(request)
        except httpx.InvalidURL:
            raise Problem(f"{url} is not an HTTP URL") from None
        except httpx.TimeoutException:
            raise Problem(f"the relay did not answer in {TIMEOUT:.0f} seconds; send the same again") from None
        except httpx.RequestError as error:
            raise Problem(f"the relay cannot be reached at {url}: {error}") from None
        return answer_of(response, "the relay")


def signature(secret: str, message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The headers that sign a body, its id and its time, which is in UTC."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }


def body_of(name: str, text: str) -> tuple[str, int]:
    """A request body from a file, and how many orders it has.

    Raises:
        Problem: it is not JSON.
    """
    try:
        content = json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise Problem(f"{name} is nested too deeply") from None
    except ValueError as error:
        raise Problem(f"{name} is not JSON: {error}") from None
    return text, len(content) if isinstance(content, list) else 1
