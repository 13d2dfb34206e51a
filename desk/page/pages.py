"""Writes the pages: a template with its content, in the person's language."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from desk.answers import ListedBatch
from desk.page import causes, words
from desk.page.bounds import amount_of
from desk.page.formats import Formats, person
from desk.page.words import LANGUAGES, Words
from desk.presence import listed_presence

#: The cookie that keeps the language until the browser is closed.
LANGUAGE: Final = "arm-relay-desk-language"


@dataclass(frozen=True, kw_only=True)
class Pages:
    """All that the pages of one desk have in common."""

    #: What people call the relay.
    relay_name: str
    #: Whether failures can be played.
    can_play: bool
    #: Whether the relay is a sandbox that sends to an ARM outside.
    has_real_arm: bool
    #: In a hidden field of each form.
    form_token: str
    zone: Callable[[], ZoneInfo]

    def write(self, request: Request, template: str, *, status: int = HTTPStatus.OK, **content: Any) -> HTMLResponse:  # noqa: ANN401 (a template takes anything)
        """A page. `content` is what the template shows."""
        wanted = request.query_params.get("lang")
        language = self.language(request)
        common = self._common(request, language)
        answer = HTMLResponse(self._templates.get_template(template).render(**common, **content), status)
        if wanted is not None and wanted in LANGUAGES:
            # Not the page's own path: a browser may keep a cookie's path on disk, and the token is in it.
            answer.set_cookie(LANGUAGE, wanted, path="/", httponly=True, samesite="strict")
        return answer

    def language(self, request: Request) -> str:
        """In which language the answer is written."""
        return words.chosen(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE),
            request.headers.get("accept-language", ""),
        )

    def _common(self, request: Request, language: str) -> dict[str, Any]:
        texts = Words(language)
        base = request.scope["root_path"]
        return {
            "t": texts,
            "known": texts.known,
            "cause": partial(causes.in_words, words=texts),
            "f": Formats(language, self.zone()),
            "base": base,
            "link": partial(_link, base),
            "here": request.url.path.removeprefix(base),
            "language": language,
            "languages": LANGUAGES,
            "with_language": partial(_with_language, request),
            "relay_name": self.relay_name,
            "can_play": self.can_play,
            "has_real_arm": self.has_real_arm,
            "form_token": self.form_token,
        }

    @cached_property
    def _templates(self) -> Environment:
        templates = Environment(
            loader=PackageLoader("desk.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.filters["decimal"] = amount_of
        templates.globals["ticked_sums"] = _ticked_sums
        templates.globals["person"] = person
        templates.globals["listed_presence"] = listed_presence
        return templates


def _ticked_sums(batch: ListedBatch) -> str:
    """A batch's sums for the script that adds up what is ticked: in hundredths, so that it adds whole numbers."""
    return json.dumps(
        [
            {
                "unit": "kr" if row["currency"] == "NOK" else row["currency"] or "",
                # As a text: a script's numbers lose digits.
                "hundredths": str(int(amount_of(row["total"]) * 100)),
            }
            for row in batch["sums"]
            if row["total"] is not None
        ]
    )


def _link(base: str, path: str, **query: object) -> str:
    """The address of a page of the desk; what is None or empty is left out of the query."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{base}{path}" + (f"?{urlencode(given)}" if given else "")


def _with_language(request: Request, language: str) -> str:
    """Where the same page is in another language. What was posted is not repeated: that leads to the start."""
    base = request.scope["root_path"]
    if request.method != "GET":
        return _link(base, "/", lang=language)
    query = {name: value for name, value in request.query_params.multi_items() if name != "lang"}
    return _link(base, request.url.path.removeprefix(base), **query, lang=language)
