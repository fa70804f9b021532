"""``cfnroles explain``: why each statement of each role is there."""

from __future__ import annotations

from typing import Any

import click

from cfnroles.cli.source import only_for_templates, reading_of, resource_options, source_options, told
from cfnroles.cli.terminal import say


@click.command("explain")
@source_options
@resource_options
@click.option(
    "--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json", "markdown"])
)
def command(source: str, format_: str, resource: str, **about: Any) -> None:
    """Tell why each statement of each role is there: the fields that need it, what ECS does with them, AWS's page."""
    from cfnroles import explain
    from cfnroles.formats import explanation

    reading = reading_of(source, told(about))
    only_for_templates(reading, resource=resource, parameter=about["parameters"])
    formats = {"human": explanation.human, "json": explanation.json_text, "markdown": explanation.markdown}
    say(formats[format_](explain(reading, resource), reading.texts))
