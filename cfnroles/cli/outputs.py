"""``cfnroles outputs``."""

from __future__ import annotations

from pathlib import Path

import click

from cfnroles.cli.stack_options import Target, selected, stack_options
from cfnroles.errors import BadAnswer


@click.command()
@stack_options
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["human", "json", "env"]),
    default="human",
    help="env: lines for a shell or an environment file.",
)
def command(
    source: Path,
    project: str,
    environment: str,
    profile: str,
    region: str,
    endpoint_url: str,
    only: tuple[str, ...],
    stack_prefix: str,
    output_format: str,
) -> int:
    """Print the outputs of the deployed stacks of SOURCE."""
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.formats import deployment

    target = Target(profile, region, endpoint_url)
    sources = selected(source, only, stack_prefix, project=project, environment=environment, region=region)
    cloudformation = CloudFormation(target.connection())
    stacks = [(one.name, cloudformation.stack(one.name)) for one in sources]
    missing = [name for name, stack in stacks if stack is None]
    if missing:
        raise BadAnswer(
            f"not deployed: {', '.join(missing)}", remedy="Deploy first, or choose others with --only STACK."
        )
    outputs = [(name, stack.outputs) for name, stack in stacks if stack and stack.outputs]
    texts = {
        "human": deployment.outputs_text,
        "json": deployment.outputs_json,
        "env": deployment.outputs_env,
    }
    click.echo(texts[output_format](outputs))
    return 0
