"""What a person has filled in."""

from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

#: The hidden field that only a form of this page has.
TOKEN: Final = "form"  # noqa: S105 (its name)

#: A form with many ticks is far smaller.
MOST_BYTES: Final = 200_000
MOST_FIELDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each with its values."""

    fields: dict[str, list[str]]

    def one(self, name: str, otherwise: str = "") -> str:
        """A field's value, without blanks around it."""
        return self.fields.get(name, [otherwise])[-1].strip()

    def count(self, name: str, most: int, otherwise: str = "") -> int:
        """A whole number of a field, from 0 to the most that makes sense.

        Raises:
            HTTPException: it is none.
        """
        text = self.one(name, otherwise)
        # Python refuses to read very long numbers.
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        return int(text)

    def all(self, name: str) -> list[str]:
        """All values of a field, each once."""
        return list(dict.fromkeys(self.fields.get(name, [])))


async def read(request: Request, form_token: str) -> Form:
    """The form that a request carries.

    Raises:
        HTTPException: it is too large, malformed, or not a form of this page.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    (given,) = fields.pop(TOKEN, [""])[-1:]
    if not compare_digest(given.encode(), form_token.encode()):
        raise HTTPException(HTTPStatus.FORBIDDEN)
    return Form(fields)
