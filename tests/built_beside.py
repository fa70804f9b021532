"""The result of `verify` for the roles that `build` writes for a template, by the command that `build` prints."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles import Document, Reading, build
from cfnroles.answers.verification import Verification
from cfnroles.answers.verify_template import Question, verify_template
from cfnroles.sources.roles_beside import with_roles


def built_beside(reading: Reading) -> Iterator[Verification]:
    """All roles of all task definitions of a template, as the files of a build have them."""
    built = build(reading)
    document = Document("roles.yaml", built.files["roles.yaml"])
    for task in dict.fromkeys(taking.task for taking in built.takes):
        found = with_roles(reading, {each.holder: (document, each.role) for each in built.takes if each.task == task})
        yield from verify_template(found.reading, Question(task, placed=found.placed, taken=found.taken))
