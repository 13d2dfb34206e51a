"""What AWS's own failures mean for the person who runs a command, in words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore import exceptions as aws

from desk.problems import Problem

_SIGN_IN: Final = "sign in again (`aws sso login`), or name another profile with --profile"
_NO_REGION: Final = "no AWS region is set: name it with --region, or set AWS_REGION"

#: How AWS names the right that is missing.
_ACTION: Final = re.compile(r"not authorized to perform: ([a-z0-9-]+:\w+)")

#: What AWS answers where credentials are over, or are none.
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN: Final = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"}
)
_FORBIDDEN: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"})


@contextmanager
def in_words(doing: str, right: str) -> Iterator[None]:
    """Say AWS's failures during the `with` block as problems.

    `doing` completes the sentence "cannot ..."; `right` is the IAM action that it takes.

    Raises:
        Problem: AWS could not be asked, or refused.
    """
    try:
        yield
    except aws.ClientError as error:
        raise Problem(f"cannot {doing}: {_refusal(error, right)}") from None
    except (aws.BotoCoreError, aws.HTTPClientError) as error:
        raise Problem(f"cannot {doing}: {_failure(error)}") from None


def _refusal(error: aws.ClientError, right: str) -> str:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", ""))
    if code in _FORBIDDEN:
        # AWS may name another one, such as kms:Decrypt where the stack has a key of its own.
        named = _ACTION.search(message)
        return f"these credentials lack the right {named[1] if named else right}"
    if code in _EXPIRED:
        return f"the AWS credentials have expired; {_SIGN_IN}"
    if code in _UNKNOWN:
        return f"AWS does not accept these credentials ({code}); {_SIGN_IN}"
    return f"AWS answered {code}: {message}"


def _failure(error: Exception) -> str:
    match error:
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return f"there are no AWS credentials; {_SIGN_IN}"
        case aws.SSOError() | aws.TokenRetrievalError() | aws.CredentialRetrievalError() | aws.LoginRefreshRequired():
            return f"the AWS sign-in has expired or is missing; {_SIGN_IN}"
        case aws.NoRegionError():
            return _NO_REGION
        case aws.ProfileNotFound():
            return f"{error}; `aws configure list-profiles` lists them"
        case aws.ConnectionError() | aws.HTTPClientError():
            return f"AWS cannot be reached: {error}"
        case _:
            return str(error)
