"""``cfnroles explain``: the reason for each statement of each role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import format_option
from cfnroles.cli.source import only_for_templates, reading_of, resource_options, source_options, told
from cfnroles.cli.terminal import say
from cfnroles.cli.unknown_keys import note_unknown
from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.answers.explanation import Explanation
    from cfnroles.lines import Texts
    from cfnroles.need import Need
    from cfnroles.sources.told import Told


@panel_command("explain")
@source_options
@resource_options
@format_option("human", "json", "markdown")
def command(source: str, format_: str, resource: str, **about: Any) -> None:
    """Explain each statement of each role: the fields that need it, what ECS does with them, AWS's page.

    SOURCE is a task definition, a service spec, a CloudFormation template, the directory that `cdk synth` writes, a
    directory of Terraform, or the output of `terraform show -json` for a plan or a state.
    """
    from cfnroles.formats import explanation

    formats = {"human": explanation.human, "json": explanation.json_text, "markdown": explanation.markdown}
    say(formats[format_](*explained(source, resource, about)))


def explained(source: str, resource: str, about: Mapping[str, Any]) -> tuple[tuple[Explanation, ...], Texts]:
    """Return the explanations for SOURCE of any kind, and the texts that they refer to."""
    from cfnroles import explain
    from cfnroles.files import is_directory
    from cfnroles.sources.directories import holds_terraform

    if is_directory(source) and not holds_terraform(source):
        return _of_app(source, told(about), resource)
    reading = reading_of(source, told(about))
    only_for_templates(reading, resource=resource, parameter=about["parameters"])
    found = explain(reading, resource)
    note_unknown(_needs(found), (reading,))
    return found, reading.texts


def _needs(found: Iterable[Explanation]) -> Iterator[Need]:
    return (need for each in found for _, said in each.roles for one in said for need in one.statement.needs)


def _of_app(source: str, about: Told, resource: str) -> tuple[tuple[Explanation, ...], Mapping[str, str]]:
    """Return the explanations for all stacks of a CDK app, and their texts."""
    from cfnroles.answers.explain_template import explain_app
    from cfnroles.sources.cdk_app import read_app, stacks_with, texts_of

    readings = read_app(source, about)
    found = explain_app(stacks_with(readings, resource, source), resource)
    if not found:
        raise InvalidInput("has no task definition in any of its stacks", where=source)
    note_unknown(_needs(found), readings)
    return found, texts_of(readings)
