import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from arm_relay.arm.credentials import Credentials
from arm_relay.secrets import AGE, PAUSE, Secrets, SecretUnavailable, UnknownClient
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


def keys_of(read: Secrets, client_no: str = "2218") -> list[bytes]:
    return [each.key for each in read.signing_keys(client_no)]


def with_arm(arm: object) -> dict[str, object]:
    return GOOD | {"arm": arm}


def with_clients(clients: object) -> dict[str, object]:
    return GOOD | {"clients": clients}


def test_the_credentials_are_arms() -> None:
    assert secrets(GOOD).credentials() == Credentials("my-integration", CONTENT)


def test_every_signing_secret_of_a_client_is_given() -> None:
    assert keys_of(secrets(GOOD)) == [b"a" * 24, b"b" * 64]


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

    assert keys_of(secrets(with_clients(clients))) == [b"a" * 24]


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

    assert str(error.value) == f"client 2218: signing secret {len(others) + 1} {fault}"
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_an_unpadded_signing_secret_is_the_same_secret() -> None:
    key = b"c" * 25

    kept = secrets(with_clients({"2218": {"signingSecrets": [a_secret(key).rstrip("=")]}}))

    assert keys_of(kept) == [key]


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


def test_a_secret_that_cannot_be_read_is_asked_for_again_only_after_a_pause() -> None:
    calls: list[datetime] = []
    clock = [NOW]

    def fetch() -> str:
        calls.append(clock[0])
        if len(calls) == 1:
            raise SecretUnavailable("the secret cannot be read")
        return json.dumps(GOOD)

    read = Secrets(fetch, lambda: clock[0])
    for _ in range(50):
        with pytest.raises(SecretUnavailable, match="the secret cannot be read"):
            read.signing_keys("2218")
    clock[0] += PAUSE

    assert read.signing_keys("2218")
    assert calls == [NOW, NOW + PAUSE]


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


def with_secrets(*entries: object) -> dict[str, object]:
    return with_clients({"2218": {"signingSecrets": list(entries)}})


OLD, NEW = b"a" * 24, b"b" * 24


@pytest.mark.parametrize(
    ("not_after", "signing"),
    [
        pytest.param("2025-02-27T12:00:01Z", [OLD, NEW], id="a second from now"),
        pytest.param("2025-02-27T12:00:00Z", [NEW], id="now"),
        pytest.param("2025-02-27T13:00:00+01:00", [NEW], id="now, in another zone"),
        pytest.param("2025-02-27T12:00:00+01:00", [NEW], id="an hour ago, in another zone"),
        pytest.param("2025-02-27T12:00:00-01:00", [OLD, NEW], id="in an hour, in another zone"),
    ],
)
def test_an_expired_signing_secret_signs_for_nobody(not_after: str, signing: list[bytes]) -> None:
    read = secrets(with_secrets({"secret": a_secret(OLD), "notAfter": not_after}, a_secret(NEW)))

    assert keys_of(read) == signing


@pytest.mark.parametrize("not_after", ["2024-12-31", "2025-02-27T12:00:00", "soon", "", 1740657600, None])
def test_an_end_that_is_not_a_time_with_its_zone_lets_nobody_sign(not_after: object) -> None:
    read = secrets(with_secrets({"secret": a_secret(OLD), "notAfter": not_after}))

    with pytest.raises(SecretUnavailable, match="client 2218: notAfter of signing secret 1 should be a time"):
        read.signing_keys("2218")


def test_a_client_whose_signing_secrets_are_all_expired_is_known_still() -> None:
    read = secrets(with_secrets({"secret": a_secret(OLD), "notAfter": "2025-01-01T00:00:00Z"}))

    assert read.signing_keys("2218") == []


def test_a_mistyped_member_lets_no_signing_secret_sign_for_ever() -> None:
    read = secrets(with_secrets({"secret": a_secret(OLD), "notafter": CONTENT}))

    with pytest.raises(SecretUnavailable, match="signing secret 1 has a member other than") as error:
        read.signing_keys("2218")
    assert CONTENT not in str(error.value)


@pytest.mark.parametrize(("added_at", "days"), [("2025-02-20T11:59:00Z", 7), ("2025-03-01T00:00:00Z", 0), (None, None)])
def test_a_signing_secret_has_the_age_that_was_written_beside_it(added_at: str | None, days: int | None) -> None:
    entry = {"secret": a_secret(OLD)} | ({"addedAt": added_at} if added_at else {})

    (key,) = secrets(with_secrets(entry)).signing_keys("2218")

    assert (key.position, key.age(NOW)) == (1, days)


def test_a_signing_key_does_not_show_itself() -> None:
    assert repr(OLD) not in repr(secrets(with_secrets(a_secret(OLD))).signing_keys("2218"))


class Reported:
    """A secret in which clients share signing secrets, and what is reported of it."""

    def __init__(self, clients: object) -> None:
        self.places: list[Sequence[str]] = []
        self.now = NOW
        self.secrets = Secrets(lambda: json.dumps(with_clients(clients)), lambda: self.now, self.places.append)


SHARED = {
    "2218": {"signingSecrets": [a_secret(OLD), a_secret(b"c" * 24)]},
    "2219": {"signingSecrets": [a_secret(NEW), {"secret": a_secret(OLD).rstrip("=").removeprefix("whsec_")}]},
}


def test_a_signing_secret_of_two_clients_signs_for_neither_while_their_others_go_on() -> None:
    reported = Reported(SHARED)

    assert keys_of(reported.secrets, "2218") == [b"c" * 24]
    assert keys_of(reported.secrets, "2219") == [NEW]
    assert reported.places == [("2218: 1", "2219: 2")]


def test_a_shared_signing_secret_is_reported_once_for_each_reading() -> None:
    reported = Reported(SHARED)
    for _ in range(3):
        reported.secrets.signing_keys("2218")
    reported.now += AGE
    reported.secrets.signing_keys("2219")

    assert len(reported.places) == 2


def test_a_signing_secret_that_stands_twice_under_one_client_goes_on() -> None:
    reported = Reported({"2218": {"signingSecrets": [a_secret(OLD), a_secret(OLD)]}})

    assert keys_of(reported.secrets) == [OLD, OLD]
    assert not reported.places


def test_a_client_may_have_largest_totals() -> None:
    read = secrets(with_clients({"2218": {"signingSecrets": [], "maxTotal": {"NOK": "100000.00", "*": "5"}}}))

    assert read.limits("2218").totals == {"NOK": Decimal("100000.00"), "*": Decimal(5)}
    assert read.limits("2219").totals is None


@pytest.mark.parametrize(
    "max_total",
    [
        100,
        "a text",
        [],
        {},
        {"NOK": 100},
        {"NOK": "-1"},
        {"NOK": "1e5"},
        {"NOK": "٣"},
        {"nok": "1"},
        {"": "1"},
        {"NOK": ""},
    ],
    ids=str,
)
def test_a_malformed_largest_total_lets_no_order_through(max_total: object) -> None:
    read = secrets(with_clients({"2218": {"signingSecrets": [], "maxTotal": max_total}}))

    with pytest.raises(SecretUnavailable, match=r"^maxTotal of client 2218 should "):
        read.limits("2218")


def test_credentials_do_not_show_the_secret() -> None:
    assert CONTENT not in repr(secrets(GOOD).credentials())


@given(any_json)
def test_any_json_is_read_or_unavailable(content: object) -> None:
    read = secrets(content)
    for question in (read.credentials, lambda: read.signing_keys("2218"), lambda: read.limits("2218")):
        try:
            question()
        except (SecretUnavailable, UnknownClient):
            continue
