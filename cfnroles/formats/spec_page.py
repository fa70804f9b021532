"""The keys of a service spec as a page of the documentation: ``python -m cfnroles.formats.spec_page docs/spec.md``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cfnroles.need import Reason
from cfnroles.sources.service_spec.definition import SPEC
from cfnroles.sources.service_spec.role_keys import GRANT
from cfnroles.sources.service_spec.types import Either, Key, Many, Named, Structure, Type
from cfnroles.table.words import ROWS
from cfnroles.table.words.row import Row

_HEAD = """\
# The service spec

<!-- Written by `python -m cfnroles.formats.spec_page docs/spec.md` from cfnroles/sources/service_spec. -->

A task definition does not say everything that roles need: what the application does, which keys encrypt its secrets,
what runs the task. `cfnroles.yaml` says the rest, for any number of services. `build`, `explain`, `check`, `verify`,
`lint`, `diff` and `deploy` accept it in place of a task definition. [Recipes](recipes.md) shows specs and the
statements that they give.

`cfnroles init` writes your first spec. `cfnroles schema` prints its [JSON Schema](cfnroles.schema.json). With this
first line, editors that use the YAML language server complete and check the spec:

```yaml
# yaml-language-server: $schema=cfnroles.schema.json
```

- **Paths** are relative to the spec.
- **Defaults** apply to every service that does not have the key itself. Tags of both are merged.
- **Names** in place of ARNs belong to the account and Region of the services. `{import: NAME}` is the value that
  another stack exports; it must be the ARN.
- **Stacks** are named `PROJECT-SERVICE-roles`, `-task` and `-log-groups`; **exports** are named
  `PROJECT-SERVICE-ECSTaskRoleArn`, `-ECSTaskExecutionRoleArn`, and for further roles, for example,
  `-ECSInfrastructureRoleArn` or `-ECSSchedulerRoleArn`.
- **One validator**, `PROJECT-secret-validator`, checks the secrets of all services. If its role cannot hold them all,
  there are several.
- **An environment** has the same templates with other parameters: `cfnroles build cfnroles.yaml --environment NAME`.
- **Verify** one service with `cfnroles verify cfnroles.yaml --service NAME --role ROLE --task-role ROLE`. The grants
  of the spec count as needs, and the command reports everything else that the task role allows.
- **Compare** with `cfnroles diff HEAD~1 cfnroles.yaml`, which shows what a change does to the roles of each service.
  It reads the task definitions of the same revision.
- **Another account**: `cfnroles build cfnroles.yaml --for-account ID` writes the policies that this account must add:
  for its ECR repositories, its keys and its secrets.

"""

_GRANTS_HEAD = """
## Grants

Each entry of `grants` is one of these grants, with the optional keys listed under *with*. A value may be a list. A
grant allows exactly these actions on exactly this resource. [Features](features.md) explains *standing*.

| grant | the application ... | value | with | actions | source | standing |
|---|---|---|---|---|---|---|
"""


def spec_page() -> str:
    """Return the page: every key with its meaning and an example, and the table of grants."""
    lines = [_HEAD + "## Keys\n"]
    seen: set[int] = set()
    pending: list[tuple[str, Structure]] = [("", SPEC)]
    while pending:
        path, structure = pending.pop(0)
        if id(structure) in seen or structure is GRANT:
            continue
        seen.add(id(structure))
        lines += _section(path, structure)
        pending += [(f"{path}{key.name}{step}", inner) for key in structure.keys for step, inner in _inside(key.type)]
    lines.append(_GRANTS_HEAD + "\n".join(_word(row) for row in ROWS) + "\n")
    lines += ["\nKeys of grants:\n", *_table(key for key in GRANT.keys if key.beside)]
    return "\n".join(lines).rstrip() + "\n"


def _section(path: str, structure: Structure) -> Iterator[str]:
    yield f"### `{path.rstrip('.')}`: {structure.noun}\n" if path else f"### {structure.noun.capitalize()}\n"
    yield from _table(structure.keys)
    yield ""


def _table(keys: Any) -> Iterator[str]:
    yield "| key | meaning | example |"
    yield "|---|---|---|"
    for key in keys:
        required = " **Required.**" if key.required else ""
        source = f" ([AWS]({key.source}))" if key.source else ""
        yield f"| `{key.name}` | {key.doc}{required}{source} | {_example(key)} |"


def _example(key: Key) -> str:
    text = yaml.safe_dump({key.name: key.example}, default_flow_style=True, width=1000, sort_keys=False).strip()
    return f"`{text[1:-1]}`"


def _inside(type_: Type) -> Iterator[tuple[str, Structure]]:
    if isinstance(type_, Structure):
        if any(key.name != "import" for key in type_.keys):
            yield ".", type_
    elif isinstance(type_, Either):
        yield from _inside(type_.mapping)
    elif isinstance(type_, Many):
        yield from ((f"[]{step}", inner) for step, inner in _inside(type_.of))
    elif isinstance(type_, Named):
        yield from ((f".NAME{step}", inner) for step, inner in _inside(type_.of))


def _word(row: Row) -> str:
    value = row.kind.noun if row.kind else row.text or "`true`"
    options = ", ".join(f"`{option}`" for option in (*row.options, *(["kms-key"] if row.key else [])))
    actions = sorted(f"{action.prefix}:{action.action}" for access in row.access for action in access.actions)
    cells = [f"`{action}`" for action in dict.fromkeys(actions)]
    if row.key:
        cells += [f"`{action.prefix}:{action.action}` on the key" for action in row.key.actions]
    columns = (
        f"`{row.word}: {_plain(row.example)}`",
        row.does,
        value,
        options,
        "<br>".join(cells),
        f"[AWS]({row.source})",
        _standing(row),
    )
    return f"| {' | '.join(columns)} |"


def _standing(row: Row) -> str:
    """Return the evidence for the actions, and that for the key if it differs."""
    of_row = Reason("", "", "", row.standing, row.doubt)
    of_key = Reason("", "", "", row.key.standing, row.key.doubt) if row.key else of_row
    own = of_row.told or str(row.standing)
    return own if of_key == of_row else f"{own}<br>the key: {of_key.told or of_key.standing}"


def _plain(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(spec_page(), encoding="utf-8")
