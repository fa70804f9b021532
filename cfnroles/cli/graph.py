"""``cfnroles graph``: a picture of the permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.completed import FILE
from cfnroles.cli.explain import explained
from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import format_option
from cfnroles.cli.source import only_for_templates, resource_options, source_options, told
from cfnroles.cli.terminal import say

if TYPE_CHECKING:
    from cfnroles.answers.graph import Graph


@panel_command("graph")
@source_options
@resource_options
@click.option(
    "--before", type=FILE, default="", metavar="OLD", help="Show what changed since OLD: a file or a Git revision."
)
@format_option("mermaid", "html", default="mermaid")
def command(source: str, resource: str, before: str, format_: str, **about: Any) -> None:
    """Draw the permissions: containers, fields, statements and resources.

    SOURCE is as in `cfnroles explain`. GitHub and GitLab render Mermaid in Markdown. The HTML page is one
    self-contained file that explains each permission and loads nothing.

    \b
      cfnroles graph web.json --format html > permissions.html
      cfnroles graph web.json --before HEAD~1 --format html > change.html
    """
    from cfnroles.formats import graph_page, mermaid

    graphs = _compared(before, source, resource, about) if before else _graphs(source, resource, about)
    if format_ == "html":
        say(graph_page.graph_page(source, graphs))
        return
    say(mermaid.mermaid(graphs))
    if warning := mermaid.too_large(graphs):
        say(f"warning: {warning}", err=True)


def _graphs(source: str, resource: str, about: Mapping[str, Any]) -> tuple[Graph, ...]:
    from cfnroles.answers.graph import graph

    return graph(*explained(source, resource, about))


def _compared(before: str, source: str, resource: str, about: Mapping[str, Any]) -> tuple[Graph, ...]:
    from cfnroles import explain
    from cfnroles.answers.diff import check_kinds
    from cfnroles.answers.graph import compared, graph
    from cfnroles.cli.versions import two_versions

    old, new = two_versions(before, source, told(about))
    check_kinds([old, new])
    only_for_templates(new, resource=resource, parameter=about["parameters"])
    return compared(*(graph(explain(each, resource), each.texts) for each in (old, new)))
