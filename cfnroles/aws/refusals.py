"""The meaning of AWS's error responses for users of cfnroles."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from botocore import exceptions as botocore_errors
from botocore.parsers import ResponseParserError

from cfnroles.errors import BadAnswer, CfnrolesError, InvalidInput, Unavailable


class Refused(BadAnswer):
    """AWS rejected a call. ``code`` and ``message`` are AWS's own."""

    def __init__(self, call: str, code: str, message: str, remedy: str = "") -> None:
        self.code = code
        self.message = message
        super().__init__(f"AWS refused {call}: {message}", why=f"(error code {code})", remedy=remedy)


class RefusedRead(Refused):
    """AWS rejected a call that only reads, so the result is unknown: a wrong name, or the wrong Region."""

    exit_code = Unavailable.exit_code

    def __init__(self, call: str, code: str, message: str) -> None:
        super().__init__(call, code, message, remedy="Check the names, --region and --profile.")


class Denied(Unavailable):
    """The credentials lack permission for a call. ``call`` is its name, which is that of the permission."""

    def __init__(self, call: str, message: str) -> None:
        self.call = call
        super().__init__(
            f"the credentials are not allowed to call {call}",
            why=message,
            remedy=f"Request the permission and run again. {RESUME}",
        )


class Throttled(Unavailable):
    """AWS throttled a call, even after all retries of the SDK."""


_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "CredentialsExpired"}
)
_UNKNOWN_CALLER = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "MissingAuthenticationToken",
        "IncompleteSignature",
        "AuthFailure",
        "OptInRequired",
    }
)
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AllAccessDisabled"}
)
_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "LimitExceeded.Throttling",
    }
)

#: Calls that only read.
_READS = re.compile(r"[a-z0-9-]+:(Describe|Get|List|BatchGet)[A-Z]")

RESUME = "CloudFormation continues what it has started, and the same command resumes from there."


@contextlib.contextmanager
def answering(call: str) -> Iterator[None]:
    """Run one AWS call and convert botocore's errors. ``call`` is its name in messages.

    Raise ``Refused`` if AWS rejected the call, ``Unavailable`` if it could not be made (no permission, no valid
    credentials, throttled, unreachable), and ``InvalidInput`` for a malformed request or settings (profile, Region)
    that do not exist.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
    """
    try:
        yield
    except botocore_errors.ClientError as error:
        raise _of_answer(call, error) from error
    except botocore_errors.BotoCoreError as error:
        raise _of_library(call, error) from error
    except ResponseParserError as error:
        raise Unavailable(
            f"{call} was not answered by AWS",
            why=" ".join(str(error).split())[:300],
            remedy="A proxy or another endpoint answered: check AWS_ENDPOINT_URL and HTTPS_PROXY.",
        ) from error


def _of_answer(call: str, error: botocore_errors.ClientError) -> CfnrolesError:
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", "Unknown"), answer.get("Message", "") or str(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _EXPIRED:
        return Unavailable(
            f"the AWS credentials expired ({call})", why=message, remedy=f"Renew them and run again. {RESUME}"
        )
    if code in _UNKNOWN_CALLER:
        return Unavailable(
            f"AWS does not accept the credentials ({call})",
            why=f"{message} ({code})",
            remedy="Check with: aws sts get-caller-identity",
        )
    if code in _DENIED:
        return Denied(call, message)
    if code in _THROTTLED:
        return Throttled(f"AWS throttled {call} after all retries", why=message, remedy=f"Run again later. {RESUME}")
    if status >= 500:
        return Unavailable(f"AWS failed to answer {call}", why=f"{message} ({code})", remedy=f"Run again. {RESUME}")
    return (RefusedRead if _READS.match(call) else Refused)(call, code, message)


def _reasons(message: str) -> str:
    """Return the lines of botocore's message without its title."""
    return "; ".join(line for line in message.splitlines() if line != "Parameter validation failed:")


def _of_library(call: str, error: botocore_errors.BotoCoreError) -> CfnrolesError:
    match error:
        case (
            botocore_errors.ProfileNotFound()
            | botocore_errors.InvalidConfigError()
            | botocore_errors.ConfigParseError()
        ):
            return InvalidInput(str(error), remedy="Check --profile, AWS_PROFILE and ~/.aws/config.")
        case botocore_errors.NoRegionError() | botocore_errors.InvalidRegionError():
            return InvalidInput("no valid AWS Region is set", remedy="Pass --region, or set AWS_REGION.")
        case botocore_errors.ParamValidationError():
            return InvalidInput(f"{call} does not accept these values", why=_reasons(str(error)))
        case (
            botocore_errors.NoCredentialsError()
            | botocore_errors.PartialCredentialsError()
            | botocore_errors.CredentialRetrievalError()
            | botocore_errors.SSOError()
        ):
            return Unavailable(
                "no AWS credentials found",
                why=str(error),
                remedy="Set AWS_PROFILE or log in. Without an account: `cfnroles local sh` starts an emulator.",
            )
        case _:
            return Unavailable(f"cannot reach AWS for {call}", why=str(error), remedy=f"Run again. {RESUME}")
