"""Read access to the code of Lambda functions."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering
from cfnroles.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_MOST = 10_000_000


class Functions:
    """The functions of one account and Region. Errors are those of ``cfnroles.aws.refusals``."""

    def __init__(self, connection: Connection) -> None:
        self._client: LambdaClient = connection.client("lambda")

    def code(self, name: str) -> dict[str, str]:
        """GetFunction: the files of a function's code by name, from the archive that Lambda runs.

        Lambda signs the URL of the archive: no error message contains it.
        https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
        """
        with answering("lambda:GetFunction"):
            address = self._client.get_function(FunctionName=name)["Code"].get("Location", "")
        try:
            with zipfile.ZipFile(io.BytesIO(_fetched(address))) as archive:
                return {each: archive.read(each).decode(errors="replace") for each in archive.namelist()}
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote the address
            raise Unavailable(f"cannot download the code of {name}: {type(error).__name__}") from None


def _fetched(address: str) -> bytes:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    if not address.startswith(("https://", "http://localhost:", "http://127.0.0.1:")):
        raise ValueError(address[:5])
    answer = URLLib3Session(timeout=30).send(AWSRequest("GET", address).prepare())
    content: bytes = answer.content
    if answer.status_code != 200 or len(content) > _MOST:
        raise ValueError(answer.status_code)
    return content
