"""State machine definitions in files next to the template, as for `sam build` and `package`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.template.template import Template
from cfnroles.workload import Path

#: The properties with the path of the file.
_FILES = {
    "AWS::StepFunctions::StateMachine": "DefinitionS3Location",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
_DEFINITION = "Definition"


def with_definitions(template: Template, document: Document) -> Template:
    """Return the template with its state machine definitions in place of the paths of their files.

    ``places`` maps each to the property with the path. Unreadable files are left.
    """
    found = {name: (member, read) for name, member, read in _definitions(template, document)}
    if not found:
        return template
    resources, places = dict(template.tree["Resources"]), dict(template.places)
    for name, (member, definition) in found.items():
        properties: Path = ("Resources", name, "Properties")
        given = resources[name]["Properties"]
        kept = {key: value for key, value in given.items() if key != member}
        resources[name] = {**resources[name], "Properties": {**kept, _DEFINITION: definition}}
        places[(*properties, _DEFINITION)] = template.written((*properties, member))
    return replace(template, tree={**template.tree, "Resources": resources}, places=places)


def _definitions(template: Template, document: Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for name, resource in template.resources.items():
        member, properties = _FILES.get(resource["Type"]), resource.get("Properties")
        path = properties.get(member) if isinstance(properties, Mapping) and member else None
        if member and isinstance(path, str) and path and "://" not in path:
            try:
                read = document.beside(path)
            except InvalidInput:
                continue
            if read and isinstance(read.members.get("States"), Mapping):
                yield name, member, read.members
