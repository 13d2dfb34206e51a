import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from arm_relay.secrets import SecretUnavailable
from arm_relay.signatures import BadSignature, verify
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"a" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"b" * 24).decode()
BODY = '{"customerNo":"ÆØÅ"}'.encode()


def signed(body: bytes = BODY, secret: str = SECRET, age: float = 0, msg_id: str = "msg-1") -> dict[str, str]:
    """The headers of a request signed by the library itself, so many seconds ago."""
    at = int(time.time() - age)
    signature = Webhook(secret).sign(msg_id, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": msg_id, "webhook-timestamp": str(at), "webhook-signature": signature}


def reason(headers: Mapping[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,)) -> str:
    with pytest.raises(BadSignature) as error:
        verify(body, headers, secrets)
    assert str(error.value) == error.value.reason
    return error.value.reason


def test_the_standards_own_example_signature() -> None:
    # The example of the Standard Webhooks libraries, whose time is long over: its signature is right all the same.
    example = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)

    assert example.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("body", [BODY, b"", b"not json", b'{"a":1}\n'], ids=["json", "empty", "text", "newline"])
def test_a_signed_body_is_accepted(body: bytes) -> None:
    verify(body, signed(body), [SECRET])


@pytest.mark.parametrize("age", [-290, 0, 290])
def test_clocks_may_differ_by_some_minutes(age: float) -> None:
    verify(BODY, signed(age=age), [SECRET])


@pytest.mark.parametrize(("age", "why"), [(310, "too old"), (-310, "too new"), (1e9, "too old"), (-1e9, "too new")])
def test_a_signature_does_not_last(age: float, why: str) -> None:
    assert why in reason(signed(age=age))


@pytest.mark.parametrize("secrets", [[OTHER, SECRET], [SECRET, OTHER]])
def test_any_of_a_clients_secrets_may_sign_while_they_are_rotated(secrets: list[str]) -> None:
    verify(BODY, signed(), secrets)
    verify(BODY, signed(secret=OTHER), secrets)


def test_a_sender_may_sign_with_its_old_and_its_new_secret_at_once() -> None:
    both = signed()
    both["webhook-signature"] = f"{signed(secret=OTHER)['webhook-signature']} {both['webhook-signature']}"

    verify(BODY, both, [SECRET])
    verify(BODY, both, [OTHER])


def test_signatures_of_other_versions_are_passed_over() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,AAAA {headers['webhook-signature']}"

    verify(BODY, headers, [SECRET])


def test_an_unpadded_secret_is_the_same_secret() -> None:
    unpadded = "whsec_" + base64.b64encode(b"c" * 25).decode().rstrip("=")

    verify(BODY, signed(secret=unpadded), [unpadded])


CHANGED: dict[str, tuple[Mapping[str, str], bytes]] = {
    "another body": (signed(), BODY + b" "),
    "another secret": (signed(secret=OTHER), BODY),
    "another id": (signed() | {"webhook-id": "msg-2"}, BODY),
    "another time": (signed() | {"webhook-timestamp": str(int(time.time()) - 100)}, BODY),
    "no signature": ({k: v for k, v in signed().items() if k != "webhook-signature"}, BODY),
    "no id": ({k: v for k, v in signed().items() if k != "webhook-id"}, BODY),
    "no time": ({k: v for k, v in signed().items() if k != "webhook-timestamp"}, BODY),
    "no headers": ({}, BODY),
    "blank signature": (signed() | {"webhook-signature": ""}, BODY),
    "no version": (signed() | {"webhook-signature": signed()["webhook-signature"][3:]}, BODY),
    "only another version": (signed() | {"webhook-signature": "v2" + signed()["webhook-signature"][2:]}, BODY),
    "too many commas": (signed() | {"webhook-signature": "v1,a,b"}, BODY),
    "not base64": (signed() | {"webhook-signature": "v1,æ"}, BODY),
    "cut base64": (signed() | {"webhook-signature": "v1,A"}, BODY),
    "a version alone": (signed() | {"webhook-signature": "v1,"}, BODY),
    "two blanks": (signed() | {"webhook-signature": "v1,AAAA  v1,AAAA"}, BODY),
    "time not a number": (signed() | {"webhook-timestamp": "soon"}, BODY),
    "time NaN": (signed() | {"webhook-timestamp": "nan"}, BODY),
    "time infinite": (signed() | {"webhook-timestamp": "inf"}, BODY),
    "time beyond the calendar": (signed() | {"webhook-timestamp": "1e300"}, BODY),
    "time below zero": (signed() | {"webhook-timestamp": "-1"}, BODY),
    "half a character in the id": (signed() | {"webhook-id": "\ud800"}, BODY),
    "a body that is not UTF-8": (signed(), b"\xff"),
}


@pytest.mark.parametrize(("headers", "body"), CHANGED.values(), ids=CHANGED)
def test_nothing_else_is_accepted(headers: Mapping[str, str], body: bytes) -> None:
    assert reason(headers, body)


def test_the_reason_tells_nothing_of_the_signature() -> None:
    headers = signed(secret=OTHER, msg_id="msg-secret")
    why = reason(headers) + reason(headers | {"webhook-signature": "v1," + "A" * 43})

    assert headers["webhook-signature"][3:] not in why
    assert "msg-secret" not in why
    assert "AAAA" not in why


def test_without_a_secret_nobody_can_sign() -> None:
    assert reason(signed(), secrets=()) == "no signing secret is configured for this client"


header_text = st.text(max_size=20) | st.sampled_from(
    ["v1,", "v1, v1,", "v1a,AAAA", "0", "nan", "1_0", "²", "v1,=", ","]
)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), header_text))
def test_any_other_header_is_a_bad_signature_and_nothing_worse(headers: dict[str, str]) -> None:
    assert reason(headers)


@given(header_text, header_text)
def test_the_same_with_a_timestamp_that_is_right(msg_id: str, signature: str) -> None:
    now = str(int(time.time()))

    assert reason({"webhook-id": msg_id, "webhook-timestamp": now, "webhook-signature": signature})


@given(st.binary())
def test_a_signature_is_of_its_body_alone(body: bytes) -> None:
    if body != BODY:
        assert reason(signed(), body)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("whsec_", id="nothing"),
        pytest.param("whsec_!!!!", id="nothing of it base64"),
        pytest.param("whsec_a", id="cut"),
        pytest.param("whsec_æ", id="not ASCII"),
        pytest.param("", id="blank"),
    ],
)
@pytest.mark.parametrize("others", [[], [SECRET]], ids=["alone", "beside a good one"])
def test_a_malformed_secret_is_our_fault_and_opens_nothing(secret: str, others: list[str]) -> None:
    with pytest.raises(SecretUnavailable) as error:
        verify(BODY, signed(), [*others, secret])

    assert str(error.value) == "a signing secret is not base64"
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
