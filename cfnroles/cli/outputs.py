"""``cfnroles outputs``."""

from __future__ import annotations

import click

from cfnroles.cli.stack_options import StackArguments, stack_options
from cfnroles.cli.terminal import say
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
    where: StackArguments,
    output_format: str,
) -> int:
    """Print the outputs of the deployed stacks of SOURCE."""
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.formats import deployment

    sources = where.stacks()
    cloudformation = CloudFormation(where.connection())
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
    say(texts[output_format](outputs))
    return 0
