"""``cfnroles outputs``."""

from __future__ import annotations

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import format_option
from cfnroles.cli.stack_options import StackArguments, stack_options
from cfnroles.cli.terminal import say
from cfnroles.errors import BadAnswer


@panel_command("outputs")
@stack_options
@format_option("human", "json", "env")
def command(
    where: StackArguments,
    format_: str,
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
            f"not deployed: {', '.join(missing)}", remedy="Deploy first, or choose other stacks with --only STACK."
        )
    outputs = [(name, stack.outputs) for name, stack in stacks if stack and stack.outputs]
    texts = {
        "human": deployment.outputs_text,
        "json": deployment.outputs_json,
        "env": deployment.outputs_env,
    }
    say(texts[format_](outputs))
    return 0
