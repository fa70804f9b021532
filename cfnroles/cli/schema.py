"""``cfnroles schema``: the JSON Schema of service specs and of JSON output."""

from __future__ import annotations

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.terminal import say
from cfnroles.page import verbatim


def _answers(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from cfnroles.formats.published import FORMS

    return [name for name in FORMS if name.startswith(incomplete)]


@panel_command("schema")
@click.argument("answer", metavar="[COMMAND]", default="", shell_complete=_answers)
def command(answer: str) -> None:
    """Print the JSON Schema of service specs, for editors.

    With COMMAND, print the schema of what that command writes with --format json, such as explain.

    \b
    Editors with the YAML language server read this first line of a spec:
    # yaml-language-server: $schema=cfnroles.schema.json
    """
    if answer:
        from cfnroles.formats.published import answer_schema

        text = answer_schema(answer)
    else:
        from cfnroles.sources.service_spec.schema import schema_text

        text = schema_text()
    say(*map(verbatim, text.splitlines()))
