"""``cfnroles explain``: why each statement of each role is there."""

from __future__ import annotations

from typing import Any

import click

from cfnroles.cli.source import read_source, source_options


@click.command("explain")
@source_options
@click.option(
    "--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json", "markdown"])
)
def command(format_: str, **about: Any) -> None:
    """Tell why each statement of each role is there: the fields that need it, what ECS does with them, AWS's page."""
    from cfnroles.answers.explain import explain
    from cfnroles.cli.spec_source import read_services, spec_of
    from cfnroles.formats import explanation

    if spec := spec_of(about["source"]):
        project = read_services(spec, about["source"], about)
        answers = {each.service.name: explain(each.discovery) for each in project.services}
        several = {
            "human": explanation.human_of_services,
            "json": explanation.json_of_services,
            "markdown": explanation.markdown_of_services,
        }
        click.echo(several[format_](answers, project.texts))
        return
    source = read_source(**about)
    answer = explain(source.discovery)
    formats = {"human": explanation.human, "json": explanation.json_text, "markdown": explanation.markdown}
    click.echo(formats[format_](answer, source.text))
