"""Reading a service spec: text in, a spec out, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.sources.service_spec import checks
from cfnroles.sources.service_spec.definition import SPEC
from cfnroles.sources.service_spec.spec import Spec, refuse


def is_spec(data: Any) -> bool:
    """Whether a document is meant as a service spec: it has services, and is no template and no task definition."""
    if not isinstance(data, Mapping) or {"containerDefinitions", "Resources", "taskDefinition"} & data.keys():
        return False
    return isinstance(data.get("services"), Mapping) or {"project", "defaults", "environments"} & data.keys() != set()


def read_spec(text: str, document: str) -> Spec:
    """The spec in a YAML or JSON text.

    Raises InvalidInput with the line, the column and the remedy of everything that is wrong with it.
    """
    data = parse(text, document)
    if not isinstance(data, Mapping):
        raise InvalidInput(
            "is no service spec",
            where=document,
            remedy="A spec begins with `project: NAME`; `cfnroles init` writes one.",
        )
    refuse(document, text, list(SPEC.problems(data, ())))
    spec = Spec(document, text, data)
    refuse(document, text, list(checks.problems(spec)))
    return spec
