"""The JSON Schema of a service spec, for editors."""

from __future__ import annotations

import json
import re
from typing import Any

from cfnroles.sources.service_spec.definition import SPEC


def schema() -> dict[str, Any]:
    """Return the schema in the draft with the best support in editors: https://json-schema.org/draft-07."""
    definitions: dict[str, Any] = {}
    whole = {name: _shared(member, definitions) for name, member in SPEC.schema().items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **whole,
        "title": "cfnroles.yaml",
        "description": "What a project's services need around their roles, as `cfnroles build` reads it.",
        "definitions": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Return the schema as text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _shared(value: Any, definitions: dict[str, Any]) -> Any:
    """Return ``value`` with each titled object moved to ``definitions``, so that none is repeated."""
    if isinstance(value, list):
        return [_shared(element, definitions) for element in value]
    if not isinstance(value, dict):
        return value
    members = {name: _shared(member, definitions) for name, member in value.items()}
    if "title" not in members or not isinstance(members["title"], str):
        return members
    name = re.sub(r"^(an?|the) ", "", members["title"]).replace(" ", "-")
    description = {"description": members.pop("description")} if "description" in members else {}
    definitions[name] = members
    # In this draft, siblings of a reference are ignored.
    reference = {"$ref": f"#/definitions/{name}"}
    return {**description, "allOf": [reference]} if description else reference
