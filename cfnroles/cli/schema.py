"""``cfnroles schema``: the JSON Schema of service specs."""

from __future__ import annotations

import click

from cfnroles.cli.terminal import say
from cfnroles.page import verbatim


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of cfnroles.yaml, with which editors complete and check it.

    \b
    An editor with the YAML language server takes it from a first line of the spec:
    # yaml-language-server: $schema=cfnroles.schema.json
    """
    from cfnroles.sources.service_spec.schema import schema_text

    say(*map(verbatim, schema_text().splitlines()))
