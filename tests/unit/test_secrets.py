import json

import pytest
from arm_relay.arm.auth import Credentials
from arm_relay.secrets import Secrets, SecretUnavailable
from hypothesis import given
from hypothesis import strategies as st

#: Stands in every malformed secret, and must not come out.
CONTENT = "hunter2"

GOOD: dict[str, object] = {
    "arm": {"clientId": "my-integration", "clientSecret": CONTENT},
    "clients": {"2218": {"signingSecrets": ["whsec_YQ==", "whsec_Yg=="]}, "2219": {"signingSecrets": []}},
}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def secrets(content: object) -> Secrets:
    return Secrets(lambda: json.dumps(content))


def with_arm(arm: object) -> dict[str, object]:
    return GOOD | {"arm": arm}


def with_clients(clients: object) -> dict[str, object]:
    return GOOD | {"clients": clients}


def test_the_credentials_are_arms() -> None:
    assert secrets(GOOD).credentials() == Credentials("my-integration", CONTENT)


def test_every_signing_secret_of_a_client_is_given() -> None:
    assert secrets(GOOD).signing_secrets("2218") == ["whsec_YQ==", "whsec_Yg=="]


@pytest.mark.parametrize("client_no", ["1", "", "22", "arm", "2219"])
def test_a_client_without_secrets_has_none(client_no: str) -> None:
    assert secrets(GOOD).signing_secrets(client_no) == []


@pytest.mark.parametrize("content", [{}, {"clients": {}}], ids=["no clients", "none yet"])
def test_before_any_client_is_set_up_nobody_is_known(content: object) -> None:
    assert secrets(content).signing_secrets("2218") == []


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
        secrets(content).signing_secrets("2218")


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
        secrets(with_clients(clients)).signing_secrets("2218")

    assert CONTENT not in f"{error.value!s} {error.value!r}"


def test_another_clients_malformed_secrets_are_no_matter() -> None:
    clients = {"2218": {"signingSecrets": ["whsec_YQ=="]}, "2219": None}

    assert secrets(with_clients(clients)).signing_secrets("2218") == ["whsec_YQ=="]


def test_what_is_not_json_does_not_travel_on_with_the_parsers_error() -> None:
    with pytest.raises(SecretUnavailable) as error:
        Secrets(lambda: f'{{"arm": {CONTENT}').credentials()

    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert CONTENT not in f"{error.value!s} {error.value!r}"


def test_a_secret_that_cannot_be_read_is_unavailable() -> None:
    def fetch() -> str:
        raise SecretUnavailable("the secret cannot be read")

    with pytest.raises(SecretUnavailable, match="cannot be read"):
        Secrets(fetch).signing_secrets("2218")


def test_the_secret_is_fetched_for_every_question_so_that_a_revoked_one_stops_working() -> None:
    contents = [json.dumps(GOOD), json.dumps(with_clients({}))]
    kept = Secrets(lambda: contents.pop(0))

    assert kept.signing_secrets("2218")
    assert kept.signing_secrets("2218") == []


def test_credentials_do_not_show_the_secret() -> None:
    assert CONTENT not in repr(secrets(GOOD).credentials())


@given(any_json)
def test_any_json_is_read_or_unavailable(content: object) -> None:
    for question in (lambda: secrets(content).credentials(), lambda: secrets(content).signing_secrets("2218")):
        try:
            question()
        except SecretUnavailable:
            continue
