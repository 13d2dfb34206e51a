import pytest
from arm_relay.webhook.description import Description, takes_gzip

DESCRIPTION = Description('{\n  "openapi": "3.1.0",\n  "info": {"title": "Blåbær"}\n}')


def test_a_description_has_no_spaces_that_are_there_for_people() -> None:
    assert DESCRIPTION.text == '{"openapi":"3.1.0","info":{"title":"Blåbær"}}'


def test_another_text_has_another_tag() -> None:
    assert Description("{}").tag != Description("[]").tag
    assert Description("{}").tag == Description("{}").tag


@pytest.mark.parametrize("form", ["{}", "  {} ", '"other", {}', "*"])
def test_a_description_is_known_by_its_tag(form: str) -> None:
    assert DESCRIPTION.is_known({"if-none-match": form.format(DESCRIPTION.tag)})


def test_a_cache_may_have_made_a_weak_tag_strong() -> None:
    assert DESCRIPTION.is_known({"if-none-match": DESCRIPTION.tag.removeprefix("W/")})


@pytest.mark.parametrize("headers", [{}, {"if-none-match": ""}, {"if-none-match": 'W/"other"'}])
def test_a_description_is_not_known_without_its_tag(headers: dict[str, str]) -> None:
    assert not DESCRIPTION.is_known(headers)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5, br", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("x-gzip", False),
    ],
)
def test_gzip_is_for_who_reads_it(accepted: str, *, takes: bool) -> None:
    assert takes_gzip({"accept-encoding": accepted}) == takes
