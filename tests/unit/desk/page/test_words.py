import re
from pathlib import Path
from string import Formatter

import pytest
from arm_relay.arm.shared_breaker import OUT_OF_REACH
from arm_relay.batches import causes as relay_causes

from desk.page import causes, words
from desk.page.words import LANGUAGES, Words, catalogue, chosen

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "desk" / "page"


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_catalogues_have_the_same_texts_with_the_same_places() -> None:
    english, norwegian = catalogue("en"), catalogue("nb")

    assert english.keys() == norwegian.keys()
    assert [key for key in english if places(english[key]) != places(norwegian[key])] == []
    assert [key for texts in (english, norwegian) for key, text in texts.items() if not text.strip()] == []


def test_every_text_that_a_template_names_is_in_the_catalogue() -> None:
    named = {
        key
        for template in (PAGE / "templates").glob("*.html")
        for key in re.findall(r"""\bt\(["']([\w.]+)["'][,)]""", template.read_text("utf-8"))
    }

    assert len(named) > 100
    assert named - catalogue("en").keys() == set()


@pytest.mark.parametrize(
    ("wanted", "kept", "accepted", "language"),
    [
        (None, None, "nb-NO,nb;q=0.9,en;q=0.8", "nb"),
        (None, None, "en-GB,nb;q=0.9", "en"),
        (None, None, "sv, no;q=0.7, en;q=0.5", "nb"),
        (None, None, "nn", "nb"),
        (None, None, "en;q=0.1, nb;q=0.2", "nb"),
        (None, None, "nb;q=0, en;q=0.1", "en"),
        (None, None, "nb;q=much, en;q=0.1", "en"),
        (None, None, "fr", "en"),
        (None, None, "", "en"),
        (None, "nb", "en", "nb"),
        ("en", "nb", "nb", "en"),
        ("klingon", "also", "nb", "nb"),
    ],
)
def test_the_language_is_chosen_by_the_person_or_else_by_the_browser(
    wanted: str | None, kept: str | None, accepted: str, language: str
) -> None:
    assert chosen(wanted, kept, accepted) == language


def documented_causes() -> list[str]:
    page = (ROOT / "docs" / "batch-states.md").read_text("utf-8")
    return re.findall(r"^\| `([^`]+)` \| .* \|$", page, re.MULTILINE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", documented_causes())
def test_every_documented_cause_has_words(cause: str, language: str) -> None:
    parts = {"status": "503", "state": "QUEUED", "batchId": "b-1", "id": "evt-1"}
    example = re.sub(r"<(\w+)>", lambda part: parts.get(part[1], "something"), cause)

    said = causes.in_words(example, Words(language))

    texts = catalogue(language)
    assert f"cause.{example}" in texts or said != example or language == "en"
    assert not (language == "nb" and said == example)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_of_the_relay_is_in_the_catalogue(language: str) -> None:
    named = {f"cause.{cause}" for name, cause in vars(relay_causes).items() if name.isupper()} | {
        f"cause.{OUT_OF_REACH}"
    }

    assert len(named) > 20
    assert named - catalogue(language).keys() == set()


def test_an_operators_reason_stays_as_it_is() -> None:
    assert causes.in_words("the outage {is} over", Words("nb")) == "the outage {is} over"
    assert causes.in_words(None, Words("nb")) == ""


def test_a_reason_within_a_cause_is_said_in_the_same_language() -> None:
    said = causes.in_words("ARM's ledger, because ARM's result contains an unknown word", Words("nb"))

    assert said == "reskontroen i ARM avgjorde, fordi resultatet fra ARM har et ord som releet ikke kjenner"
    too_old = causes.in_words("still QUEUED after HoldAfterSeconds", Words("nb"))
    assert too_old == "tok for lang tid (Venter på å bli sendt)"


def test_a_text_that_is_missing_is_noticed() -> None:
    with pytest.raises(KeyError):
        words.Words("en")("no.such.text")
