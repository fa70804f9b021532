"""AWS in memory for what reads an account: it answers what a test gives it, and takes no request that AWS would not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

_LOADER = create_loader()


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(_LOADER.load_service_model(service, "service-2"), service)


def refusal(code: str, message: str = "no", status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    told = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "Operation")  # type: ignore[arg-type]


class Aws:
    """Answers by ``service.operation``: a value, a function of the request, or an error to raise.

    ``denied`` are actions that the credentials may not call. ``calls`` are those that were made, in their order.
    """

    region = "us-east-1"

    def __init__(self, answers: Mapping[str, Any], denied: tuple[str, ...] = ()) -> None:
        self.answers, self.denied = dict(answers), denied
        self.calls: list[str] = []
        self.requests: list[dict[str, Any]] = []

    def client(self, service: str) -> Client:
        return Client(self, service)

    @property
    def changes(self) -> list[str]:
        """The calls that are not made of a word for reading."""
        reading = ("Describe", "List", "Get", "BatchGet")
        return [call for call in self.calls if not call.partition(":")[2].startswith(reading)]


class Client:
    """A client of one service."""

    def __init__(self, aws: Aws, service: str) -> None:
        self._aws, self._service = aws, service
        self.meta = type("Meta", (), {"endpoint_url": "https://aws.example", "region_name": aws.region})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            operation = "".join(word.title() for word in name.split("_"))
            shape = _model(self._service).operation_model(operation).input_shape
            report = ParamValidator().validate(request, shape)
            assert not report.has_errors(), report.generate_report()
            self._aws.calls.append(f"{self._service}:{operation}")
            self._aws.requests.append(request)
            if f"{self._service}:{operation}" in self._aws.denied:
                raise refusal("AccessDeniedException", f"not authorized to perform: {self._service}:{operation}")
            answer = self._aws.answers[f"{self._service}.{name}"]
            answer = answer(**request) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, name: str) -> Any:
        client = self

        class Pages:
            def paginate(self, **request: Any) -> Iterator[Any]:
                token: dict[str, Any] = {}
                while True:
                    page = getattr(client, name)(**request, **token)
                    yield page
                    named = next((each for each in ("NextToken", "nextToken") if page.get(each)), "")
                    if not named:
                        return
                    token = {named: page[named]}

        return Pages()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Aws]:
    """A function that puts such an account in the place of AWS."""

    def put(answers: Mapping[str, Any], denied: tuple[str, ...] = ()) -> Aws:
        made = Aws(answers, denied)
        at = "cfnroles.aws.connection.Connection"
        monkeypatch.setattr(f"{at}.client", lambda self, service, **_: made.client(service))
        monkeypatch.setattr(f"{at}.made", lambda self, service, *_, **__: made.client(service))
        return made

    return put
