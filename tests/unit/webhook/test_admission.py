import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from arm_relay.api.event import LARGEST_BODY, BodyTooLarge
from arm_relay.observability import Metric
from arm_relay.secrets import Secrets, SecretUnavailable
from arm_relay.webhook.admission import Admission, NotJsonMediaType
from arm_relay.webhook.signatures import NO_KEY, BadSignature
from standardwebhooks.webhooks import Webhook

from tests.support.diary import Diary

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def a_secret(text: str) -> str:
    return "whsec_" + base64.b64encode(text.encode().ljust(32, b"x")).decode()


def of_clients(clients: Mapping[str, object], diary: Diary | None = None) -> Admission:
    content = json.dumps({"clients": clients})
    return Admission(Secrets(lambda: content, now), now, timedelta(minutes=5), diary or Diary())


def an_admission(*signing_secrets: object, diary: Diary | None = None) -> Admission:
    content = json.dumps({"clients": {"2218": {"signingSecrets": signing_secrets}}})
    return Admission(Secrets(lambda: content, now), now, timedelta(minutes=5), diary or Diary())


def now() -> datetime:
    return datetime.now(UTC)


ADMISSION = an_admission(SECRET)


def headers(body: bytes, **changes: str) -> dict[str, str]:
    """Those of a request signed now."""
    at = int(time.time())
    signed = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(at),
        "webhook-signature": Webhook(SECRET).sign("msg-1", datetime.fromtimestamp(at, UTC), body.decode()),
        "content-type": "application/json",
    }
    return signed | {name.replace("_", "-"): value for name, value in changes.items()}


def test_a_signed_request_of_a_known_client_is_let_in() -> None:
    ADMISSION.check("2218", headers(b"[]"), b"[]")


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", " Application/JSON "],
)
def test_json_is_let_in_however_it_is_written(media_type: str) -> None:
    ADMISSION.check("2218", headers(b"[]", content_type=media_type), b"[]")


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/json5", "application/problem+json", "json", ";"])
def test_other_media_types_are_not(media_type: str) -> None:
    with pytest.raises(NotJsonMediaType):
        ADMISSION.check("2218", headers(b"[]", content_type=media_type), b"[]")


def test_a_request_without_a_media_type_is_not() -> None:
    unnamed = headers(b"[]")
    del unnamed["content-type"]

    with pytest.raises(NotJsonMediaType):
        ADMISSION.check("2218", unnamed, b"[]")


def test_a_body_as_large_as_may_be_is_let_in() -> None:
    body = b" " * LARGEST_BODY

    ADMISSION.check("2218", headers(body), body)


def test_one_byte_more_is_not() -> None:
    body = b" " * (LARGEST_BODY + 1)

    with pytest.raises(BodyTooLarge):
        ADMISSION.check("2218", headers(body), body)


@pytest.mark.parametrize("client_no", ["2219", "", "arm", "2218 "])
def test_a_client_that_does_not_exist_is_told_what_a_wrong_signature_is_told(client_no: str) -> None:
    of_nobody, of_another = refusal(ADMISSION, client_no), refusal(an_admission("whsec_" + "A" * 32), "2218")

    assert (of_nobody.reason, str(of_nobody)) == (of_another.reason, str(of_another))


#: Clients with as many signing secrets as the number in their place, and one whose part is malformed.
CLIENTS: Mapping[str, object] = {
    str(2000 + number): {"signingSecrets": [a_secret(f"{number}-{place}") for place in range(number)]}
    for number in range(4)
} | {"2218": {"signingSecrets": ["whsec_short"]}}


def test_a_strangers_request_takes_the_same_work_whoever_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[str] = []
    sign = Webhook.sign

    def counted(webhook: Webhook, msg_id: str, timestamp: datetime, data: str) -> str:
        signed.append(data)
        return str(sign(webhook, msg_id, timestamp, data))

    given = headers(b"[1]")
    monkeypatch.setattr(Webhook, "sign", counted)
    admission = of_clients(CLIENTS)
    hashed: dict[str, int] = {}
    for client_no in (*CLIENTS, "9999"):
        signed.clear()
        with pytest.raises(BadSignature):
            admission.check(client_no, given, b"[1]")
        hashed[client_no] = len(signed)

    # As many as the client with the most secrets needs.
    assert hashed == dict.fromkeys([*CLIENTS, "9999"], 3)


@pytest.mark.parametrize("part", [{"signingSecrets": ["whsec_short"]}, {}, "a text", None], ids=str)
def test_a_client_whose_secrets_are_malformed_is_told_what_a_wrong_signature_is_told(part: object) -> None:
    diary = Diary()
    malformed = of_clients({"2218": part, "2219": {"signingSecrets": [SECRET]}}, diary)

    assert str(refusal(malformed, "2218")) == str(refusal(malformed, "2220"))
    assert diary.counts == {Metric.MALFORMED_CLIENTS: 1}
    ((what, where),) = diary.warnings
    assert (what, where["clientNo"]) == ("signing secrets are malformed", "2218")
    assert "short" not in str(where["reason"]).replace("shorter", "")
    # Others go on.
    malformed.check("2219", headers(b"[]"), b"[]")


def test_nobody_can_sign_for_a_client_that_does_not_exist() -> None:
    own = headers(b"[]")
    at = datetime.fromtimestamp(int(own["webhook-timestamp"]), UTC)
    own["webhook-signature"] = Webhook(NO_KEY).sign("msg-1", at, "[]")

    with pytest.raises(BadSignature):
        ADMISSION.check("2219", own, b"[]")


def refusal(admission: Admission, client_no: str) -> BadSignature:
    with pytest.raises(BadSignature) as error:
        admission.check(client_no, headers(b"[]"), b"[]")
    return error.value


@pytest.mark.parametrize(
    "changes",
    [{"webhook_id": ""}, {"webhook_signature": ""}, {"webhook_timestamp": "soon"}, {"webhook_timestamp": "1"}],
    ids=["no id", "no signature", "malformed time", "old"],
)
def test_a_request_whose_headers_say_enough_costs_neither_the_secret_nor_a_hash(changes: dict[str, str]) -> None:
    def fetch() -> str:
        raise AssertionError("the secret was read")

    admission = Admission(Secrets(fetch, now), now, timedelta(minutes=5), Diary())

    with pytest.raises(BadSignature):
        admission.check("2218", headers(b"[]", **changes), b"[]")


def test_a_body_too_large_is_not_even_hashed() -> None:
    with pytest.raises(BodyTooLarge):
        ADMISSION.check("2218", {}, b" " * (LARGEST_BODY + 1))


def test_the_media_type_is_told_only_to_those_who_sign() -> None:
    with pytest.raises(BadSignature):
        ADMISSION.check("2218", {"content-type": "text/plain"}, b"[]")


def test_nobody_is_let_in_while_the_secret_cannot_be_read() -> None:
    def fetch() -> str:
        raise SecretUnavailable("the secret cannot be read")

    with pytest.raises(SecretUnavailable):
        Admission(Secrets(fetch, now), now, timedelta(minutes=5), Diary()).check("2218", headers(b"[]"), b"[]")


def test_a_client_whose_secrets_were_all_taken_away_is_unknown() -> None:
    with pytest.raises(BadSignature, match="No signature matches"):
        an_admission().check("2218", headers(b"[]"), b"[]")


def test_a_signature_is_too_old_beyond_the_tolerance() -> None:
    signed = headers(b"[]")
    late = Admission(
        Secrets(lambda: json.dumps({"clients": {"2218": {"signingSecrets": [SECRET]}}}), now),
        lambda: now() + timedelta(seconds=12),
        timedelta(seconds=10),
        Diary(),
    )

    with pytest.raises(BadSignature, match="too old"):
        late.check("2218", signed, b"[]")


def test_the_log_says_which_secret_signed_by_its_place_and_age_and_not_its_value() -> None:
    diary = Diary()
    added = (now() - timedelta(days=3, hours=1)).isoformat()
    other = "whsec_" + "A" * 32
    admission = an_admission(other, {"secret": SECRET, "addedAt": added}, diary=diary)

    admission.check("2218", headers(b"[]"), b"[]")

    assert diary.notes == [("request signed", {"clientNo": "2218", "secretPosition": 2, "secretAgeDays": 3})]


def test_an_expired_secret_lets_nobody_in() -> None:
    expired = {"secret": SECRET, "notAfter": (now() - timedelta(seconds=1)).isoformat()}

    with pytest.raises(BadSignature, match="No signature matches"):
        an_admission(expired).check("2218", headers(b"[]"), b"[]")


@pytest.mark.parametrize("kind", [BodyTooLarge, NotJsonMediaType])
def test_what_is_said_of_a_request_is_the_same_for_all(kind: type[Exception]) -> None:
    assert kind.__doc__
    assert "2218" not in kind.__doc__
