"""A cause in a person's words: docs/batch-states.md lists the causes, the catalogues have their words. Pure."""

import re
from typing import Final

from desk.page.words import Words

#: The causes that have a part of their own, which stays as it is, and the keys of their texts.
_WITH_PART: Final = tuple(
    (re.compile(pattern, re.DOTALL), key)
    for pattern, key in (
        (r"ARM answered (?P<status>\d+)", "ARM answered"),
        (r"ARM answered (?P<status>\d+) to a repeated submission", "ARM answered to a repeated submission"),
        (r"ARM answered (?P<status>\d+) without a batchUuid", "ARM answered without a batchUuid"),
        (r"ARM answered (?P<status>\d+) with a page", "ARM answered with a page"),
        (r"ARM answered (?P<status>\d+) about (?:the|a) (?P<what>batch|document|customer)", "ARM answered about"),
        (r"ARM's ledger, because (?P<reason>.+)", "ARM's ledger, because"),
        (r"announced again: (?P<reason>.+)", "announced again"),
        (r"sent again in batch (?P<batch>\S+): (?P<reason>.+)", "sent again in batch"),
        (r"order (?P<order>.+) forgotten: (?P<reason>.+)", "forgotten"),
        (r"still (?P<state>[A-Z]+) after HoldAfterSeconds", "still after HoldAfterSeconds"),
        (r"no connection to ARM \((?P<error>.+)\)", "no connection to ARM"),
        (r"no answer from ARM \((?P<error>.+)\)", "no answer from ARM"),
        (r"no token: the identity service answered (?P<status>\d+)", "no token: the identity service answered"),
        (r"no token: (?P<reason>.+)", "no token"),
    )
)


def in_words(cause: str | None, words: Words) -> str:
    """The cause in words; one that nobody knows, such as an operator's reason, stays as it is."""
    text = words.known("cause", cause or "")
    if not cause or text != cause:
        return text
    for pattern, key in _WITH_PART:
        if found := pattern.fullmatch(cause):
            return words(f"cause.{key}", **_parts(found.groupdict(), words))
    return cause


def _parts(parts: dict[str, str], words: Words) -> dict[str, str]:
    if "state" in parts:
        parts["state"] = words.known("status", parts["state"])
    if "what" in parts:
        parts["what"] = words.known("what", parts["what"])
    # The reason may be a cause, too.
    if "reason" in parts:
        parts["reason"] = in_words(parts["reason"], words)
    return parts
