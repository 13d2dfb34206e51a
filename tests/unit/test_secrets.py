import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from arm_relay.arm.credentials import Credentials
from arm_relay.secrets import AGE, Secrets, SecretUnavailable, UnknownClient
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW

#: It is in every malformed secret, and must not come out.
CONTENT = "hunter2"


def a_secret(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


GOOD: dict[str, object] = {
    "arm": {"clientId": "my-integration", "clientSecret": CONTENT},
    "clients": {"2218": {"signingSecrets": [a_secret(b"a" * 24), a_secret(b"b" * 64)]}, "2219": {"signingSecrets": []}},
}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def secrets(content: object) -> Secrets:
    return fetched(lambda: json.dumps(content))


def fetched(fetch: Callable[[], str]) -> Secrets:
    return Secrets(fetch, lambda: NOW)


def with_arm(arm: object) -> dict[str, object]:
    return GOOD | {"arm": arm}


def with_clients(clients: object) -> dict[str, object]:
    return GOOD | {"clients": clients}


def test_the_credentials_are_arms() -> None:
    assert secrets(GOOD).credentials() == Credentials("my-integration", CONTENT)


def test_every_signing_secret_of_a_client_is_given() -> None:
    assert secrets(GOOD).signing_keys("2218") == [b"a" * 24, b"b" * 64]


@pytest.mark.parametrize("client_no", ["1", "", "22", "arm", "2219"])
def test_a_client_without_secrets_has_none(client_no: str) -> None:
    with pytest.raises(UnknownClient):
        secrets(GOOD).signing_keys(client_no)


@pytest.mark.parametrize("content", [{}, {"clients": {}}], ids=["no clients", "none yet"])
def test_before_any_client_is_set_up_nobody_is_known(content: object) -> None:
    with pytest.raises(UnknownClient):
        secrets(content).signing_keys("2218")


MALFORMED = {
    "not an object": [CONTENT],
    "a text": CONTENT,
    "nothing": None,
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_secret_that_is_no_object_is_of_no_use(content: object) -> None:
    with pytest.raises(SecretUnavailable):
        secrets(content).credentials()
    with pytest.raises(SecretUnavailable):
        secrets(content).signing_keys("2218")


@pytest.mark.parametrize(
    "arm",
    [
        pytest.param({}, id="empty"),
        pytest.param(None, id="null"),
        pytest.param(CONTENT, id="a text"),
        pytest.param({"clientId": "a"}, id="no secret"),
        pytest.param({"clientSecret": CONTENT}, id="no id"),
        pytest.param({"clientId": "", "clientSecret": CONTENT}, id="blank id"),
        pytest.param({"clientId": "a", "clientSecret": ""}, id="blank secret"),
        pytest.param({"clientId": "a", "clientSecret": [CONTENT]}, id="a secret in a list"),
        pytest.param({"clientId": 7, "clientSecret": CONTENT}, id="an id that is a number"),
    ],
)
def test_malformed_credentials_are_unavailable_and_stay_secret(arm: object) -> None:
    with pytest.raises(SecretUnavailable) as error:
        secrets(with_arm(arm)).credentials()

    assert CONTENT not in f"{error.value!s} {error.value!r}"


@pytest.mark.parametrize(
    "clients",
    [
        pytest.param([CONTENT], id="a list"),
        pytest.param({"2218": None}, id="null"),
        pytest.param({"2218": [CONTENT]}, id="the list without its name"),
        pytest.param({"2218": {}}, id="no secrets"),
        pytest.param({"2218": {"signingSecrets": CONTENT}}, id="one text"),
        pytest.param({"2218": {"signingSecrets": [CONTENT, ""]}}, id="a blank one"),
        pytest.param({"2218": {"signingSecrets": [CONTENT, None]}}, id="a null"),
        pytest.param({"2218": {"signingSecrets": {CONTENT: CONTENT}}}, id="an object"),
    ],
)
def test_malformed_signing_secrets_are_unavailable_and_stay_secret(clients: object) -> None:
    with pytest.raises(SecretUnavailable) as error:
        secrets(with_clients(clients)).signing_keys("2218")

    assert CONTENT not in f"{error.value!s} {error.value!r}"


def test_another_clients_malformed_secrets_are_no_matter() -> None:
    clients = {"2218": {"signingSecrets": [a_secret(b"a" * 24)]}, "2219": None}

    assert secrets(with_clients(clients)).signing_keys("2218") == [b"a" * 24]


def test_what_is_not_json_does_not_travel_on_with_the_parsers_error() -> None:
    with pytest.raises(SecretUnavailable) as error:
        fetched(lambda: f'{{"arm": {CONTENT}').credentials()

    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert CONTENT not in f"{error.value!s} {error.value!r}"


def test_a_secret_that_cannot_be_read_is_unavailable() -> None:
    def fetch() -> str:
        raise SecretUnavailable("the secret cannot be read")

    with pytest.raises(SecretUnavailable, match="cannot be read"):
        fetched(fetch).signing_keys("2218")


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        pytest.param("whsec_", "is shorter than 24 bytes", id="nothing"),
        pytest.param("", "is shorter than 24 bytes", id="blank"),
        pytest.param(a_secret(b"hunter2" * 3), "is shorter than 24 bytes", id="21 bytes"),
        pytest.param(a_secret(b"a" * 23), "is shorter than 24 bytes", id="23 bytes"),
        pytest.param("whsec_!!!!", "is not base64", id="nothing of it base64"),
        pytest.param("whsec_" + "!".join("hunter2" * 6), "is not base64", id="base64 in between"),
        pytest.param("whsec_a", "is not base64", id="cut"),
        pytest.param("whsec_æ", "is not base64", id="not ASCII"),
    ],
)
@pytest.mark.parametrize("others", [[], [a_secret(b"a" * 24)]], ids=["alone", "beside a good one"])
def test_a_signing_secret_of_no_use_is_told_by_its_client_and_stays_secret(
    secret: str, fault: str, others: list[str]
) -> None:
    with pytest.raises(SecretUnavailable) as error:
        secrets(with_clients({"2218": {"signingSecrets": [*others, secret]}})).signing_keys("2218")

    assert str(error.value) == f"a signing secret of client 2218 {fault}"
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_an_unpadded_signing_secret_is_the_same_secret() -> None:
    key = b"c" * 25

    kept = secrets(with_clients({"2218": {"signingSecrets": [a_secret(key).rstrip("=")]}}))

    assert kept.signing_keys("2218") == [key]


class Rotated:
    """A secret in which one client's signing secrets change, and the clock beside it."""

    def __init__(self) -> None:
        self.now = NOW
        self.content: dict[str, object] = GOOD
        self.fetches = 0
        self.secrets = Secrets(self.fetch, lambda: self.now)

    def fetch(self) -> str:
        self.fetches += 1
        return json.dumps(self.content)


def test_the_secret_is_fetched_once_in_its_age() -> None:
    rotated = Rotated()

    for _ in range(3):
        rotated.secrets.signing_keys("2218")
        rotated.secrets.credentials()
    rotated.now += AGE - timedelta(seconds=1)
    rotated.secrets.credentials()

    assert rotated.fetches == 1


def test_a_revoked_signing_secret_stops_working_within_five_minutes() -> None:
    rotated = Rotated()
    assert rotated.secrets.signing_keys("2218")
    rotated.content = with_clients({})

    rotated.now += timedelta(minutes=5)

    with pytest.raises(UnknownClient):
        rotated.secrets.signing_keys("2218")


def test_a_clock_that_is_set_back_makes_no_secret_last_longer() -> None:
    rotated = Rotated()
    rotated.secrets.credentials()

    rotated.now -= timedelta(days=1)
    rotated.secrets.credentials()

    assert rotated.fetches == 2


def test_an_old_secret_is_not_used_on_while_the_new_one_cannot_be_read() -> None:
    def fetch() -> str:
        if fetches:
            raise SecretUnavailable("the secret cannot be read")
        fetches.append("once")
        return json.dumps(GOOD)

    fetches: list[str] = []
    times = [NOW, NOW + AGE]
    kept = Secrets(fetch, lambda: times.pop(0))
    kept.credentials()

    with pytest.raises(SecretUnavailable):
        kept.credentials()


def test_credentials_do_not_show_the_secret() -> None:
    assert CONTENT not in repr(secrets(GOOD).credentials())


@given(any_json)
def test_any_json_is_read_or_unavailable(content: object) -> None:
    for question in (lambda: secrets(content).credentials(), lambda: secrets(content).signing_keys("2218")):
        try:
            question()
        except (SecretUnavailable, UnknownClient):
            continue
