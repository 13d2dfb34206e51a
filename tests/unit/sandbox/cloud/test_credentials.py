import json
from base64 import b64decode

from sandbox.cloud.credentials import Credentials


def test_every_sandbox_has_secrets_of_its_own() -> None:
    first, second = Credentials.new(), Credentials.new()

    assert first.signing_secret != second.signing_secret
    assert first.arm_client_secret != second.arm_client_secret


def test_a_signing_secret_is_32_bytes_in_the_form_of_standard_webhooks() -> None:
    prefix, secret = Credentials.new().signing_secret.split("_", 1)

    assert prefix == "whsec"
    assert len(b64decode(secret, validate=True)) == 32


def test_the_deployed_secret_holds_arms_credentials_and_the_clients_signing_secrets() -> None:
    credentials = Credentials(arm_client_id="id", arm_client_secret="secret", signing_secret="whsec_AAAA")

    assert json.loads(credentials.to_json()) == {
        "arm": {"clientId": "id", "clientSecret": "secret"},
        "clients": {"2218": {"signingSecrets": ["whsec_AAAA"]}},
    }
