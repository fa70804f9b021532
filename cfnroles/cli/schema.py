"""``cfnroles schema``: the JSON Schema of service specs."""

from __future__ import annotations

from cfnroles.cli.panels import panel_command
from cfnroles.cli.terminal import say
from cfnroles.page import verbatim


@panel_command("schema")
def command() -> None:
    """Print the JSON Schema of service specs, for editors.

    \b
    Editors with the YAML language server read this first line of a spec:
    # yaml-language-server: $schema=cfnroles.schema.json
    """
    from cfnroles.sources.service_spec.schema import schema_text

    say(*map(verbatim, schema_text().splitlines()))
