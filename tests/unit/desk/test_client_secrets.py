import base64
from datetime import timedelta
from typing import Any

import pytest

from desk.client_secrets import (
    added,
    client_of,
    clients,
    fingerprint_of,
    new_secret,
    parsed,
    place_of,
    revoked,
    rotated,
)
from desk.problems import Problem
from tests.support.builders import NOW

FIRST, SECOND, THIRD = (new_secret(bytes([number]) * 32) for number in (1, 2, 3))

CONTENT: dict[str, Any] = {
    "arm": {"clientId": "id", "clientSecret": "s3cr3t"},
    "clients": {"2218": {"signingSecrets": [FIRST], "maxTotal": {"NOK": "100.00"}, "later": 1}},
    "more": True,
}


def signing_secrets(content: dict[str, Any], client_no: str = "2218") -> Any:  # noqa: ANN401 (JSON)
    return content["clients"][client_no]["signingSecrets"]


def test_a_new_secret_is_as_standard_webhooks_wants_it() -> None:
    assert base64.b64decode(FIRST.removeprefix("whsec_")) == b"\x01" * 32


def test_a_client_is_added_with_the_time_of_its_secret() -> None:
    content = added(CONTENT, "2219", SECOND, NOW)

    assert signing_secrets(content, "2219") == [{"secret": SECOND, "addedAt": "2025-02-27T12:00:00+00:00"}]
    assert {**content, "clients": {"2218": content["clients"]["2218"]}} == CONTENT


def test_a_client_is_added_to_a_secret_that_has_none_yet() -> None:
    assert list(added({"arm": {}}, "2218", FIRST, NOW)["clients"]) == ["2218"]


@pytest.mark.parametrize(("client_no", "told"), [("2218", "already"), ("22/18", "no client number"), ("", "no client")])
def test_a_client_that_is_there_or_is_none_is_not_added(client_no: str, told: str) -> None:
    with pytest.raises(Problem, match=told):
        added(CONTENT, client_no, SECOND, NOW)


def test_a_rotation_keeps_the_places_of_the_others_and_what_it_does_not_know() -> None:
    content = rotated(CONTENT, "2218", SECOND, NOW, None)

    assert signing_secrets(content) == [FIRST, {"secret": SECOND, "addedAt": "2025-02-27T12:00:00+00:00"}]
    assert content["clients"]["2218"]["later"] == 1
    assert content["more"] is True


def test_the_old_ones_end_where_that_is_asked_for_but_never_later_than_before() -> None:
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=30)
    old = [FIRST, {"secret": SECOND, "notAfter": soon.isoformat()}, {"secret": THIRD, "notAfter": later.isoformat()}]
    content = {"clients": {"2218": {"signingSecrets": old}}}

    after = rotated(content, "2218", new_secret(b"4" * 32), NOW, NOW + timedelta(days=14))

    ends = [entry.get("notAfter") for entry in signing_secrets(after)]
    assert ends == ["2025-03-13T12:00:00+00:00", soon.isoformat(), "2025-03-13T12:00:00+00:00", None]


def test_one_secret_is_revoked_by_its_place() -> None:
    content = rotated(CONTENT, "2218", SECOND, NOW, None)

    after = revoked(content, "2218", 1, NOW)

    assert [entry["secret"] for entry in signing_secrets(after)] == [SECOND]


@pytest.mark.parametrize(
    "others",
    [[], [{"secret": SECOND, "notAfter": "2025-02-27T11:00:00+00:00"}]],
    ids=["none", "one that has ended"],
)
def test_the_last_secret_that_signs_is_not_revoked_by_its_place(others: list[object]) -> None:
    content = {"clients": {"2218": {"signingSecrets": [FIRST, *others]}}}

    with pytest.raises(Problem, match="could sign nothing"):
        revoked(content, "2218", 1, NOW)


def test_a_secret_that_a_client_shares_is_none_to_sign_with() -> None:
    content = {"clients": {"2218": {"signingSecrets": [FIRST, SECOND]}, "2219": {"signingSecrets": [SECOND]}}}

    assert [each.shared for each in clients(content)] == [(2,), (1,)]
    with pytest.raises(Problem, match="could sign nothing"):
        revoked(content, "2218", 1, NOW)


def test_all_are_revoked_where_that_is_meant() -> None:
    after = revoked(CONTENT, "2218", None, NOW)

    assert after["clients"]["2218"] == {"signingSecrets": [], "maxTotal": {"NOK": "100.00"}, "later": 1}


@pytest.mark.parametrize("place", [0, 2])
def test_a_place_without_a_secret_is_told(place: int) -> None:
    with pytest.raises(Problem, match=f"no secret in place {place}"):
        revoked(CONTENT, "2218", place, NOW)


def test_an_unknown_client_is_told() -> None:
    with pytest.raises(Problem, match="no client 2219"):
        client_of(CONTENT, "2219")


def test_a_malformed_part_is_listed_and_not_changed() -> None:
    content = {"clients": {"2218": {"signingSecrets": [{"secret": FIRST, "notAftr": "x"}]}}}

    (client,) = clients(content)

    assert client.fault is not None
    assert FIRST not in client.fault
    with pytest.raises(Problem, match="correct the secret by hand"):
        rotated(content, "2218", SECOND, NOW, None)


@pytest.mark.parametrize(
    "text",
    ['{"clients": {}, "clients": {}}', '{"clients": {"1": {"signingSecrets": []}, "1": {"signingSecrets": []}}}'],
)
def test_a_name_that_stands_twice_is_a_problem_because_one_value_would_be_lost(text: str) -> None:
    with pytest.raises(Problem, match="stands twice"):
        parsed(text)


@pytest.mark.parametrize("text", ["", "[" * 60_000, f'"{FIRST}"', f'{{"clients": ["{FIRST}"]}}', f"{FIRST}"])
def test_a_secret_of_another_form_is_a_problem_that_does_not_quote_it(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parsed(text)

    assert "whsec" not in str(caught.value)


def test_a_fingerprint_names_a_secret_wherever_it_stands() -> None:
    (client,) = clients({"clients": {"2218": {"signingSecrets": [FIRST, SECOND]}}})
    (other_way,) = clients({"clients": {"2218": {"signingSecrets": [SECOND, FIRST]}}})
    first, second = map(fingerprint_of, client.keys)

    assert (place_of(client, first), place_of(other_way, first)) == (1, 2)
    assert first != second
    with pytest.raises(Problem, match="no secret with the fingerprint"):
        place_of(client, "00")


def test_a_fingerprint_of_two_places_is_told() -> None:
    (client,) = clients({"clients": {"2218": {"signingSecrets": [FIRST, FIRST]}}})

    with pytest.raises(Problem, match="in the places 1, 2"):
        place_of(client, fingerprint_of(client.keys[0]))
