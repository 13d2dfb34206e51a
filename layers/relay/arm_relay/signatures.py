"""The Standard Webhooks check of `webhook-id`, `webhook-timestamp` and `webhook-signature` (standardwebhooks.com)."""

from collections.abc import Mapping, Sequence

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from arm_relay.secrets import SecretUnavailable


class BadSignature(Exception):
    """The request is not signed as it should be."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        #: What is wrong, without anything of the signature itself.
        self.reason = reason


def verify(body: bytes, headers: Mapping[str, str], signing_secrets: Sequence[str]) -> None:
    """Accept the body if any of the secrets signed it within the last five minutes (the library's tolerance).

    Raises:
        BadSignature: none did, or a header is missing, malformed or too old.
        SecretUnavailable: a configured secret is not base64.
    """
    reasons = [_reason(_webhook(secret), body, headers) for secret in signing_secrets]
    if None not in reasons:
        raise BadSignature(next(filter(None, reasons), "no signing secret is configured for this client"))


def _webhook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError):
        raise SecretUnavailable("a signing secret is not base64") from None


def _reason(webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> str | None:
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        return str(error)
    except ValueError:
        # A malformed signature or timestamp, or a body that is not UTF-8, stops the library's own parsing.
        return "a signature header is malformed"
    return None
