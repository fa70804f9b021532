"""``cfnroles delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import yes_option
from cfnroles.cli.stack_options import (
    StackArguments,
    check_can_ask,
    collected,
    following_on_interrupt,
    plan_option,
    role_option,
    stack_options,
    timeout_option,
)
from cfnroles.cli.terminal import confirm, note, say, say_error
from cfnroles.errors import BadAnswer

if TYPE_CHECKING:
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.deployer import Deployer
    from cfnroles.deploy.stacks_file import EnvironmentPlace


class DeleteArguments(Struct, frozen=True):
    """The values of the options that only ``delete`` has."""

    yes: bool
    plan_only: bool
    role_arn: str
    timeout: float


_delete_options = collected(
    "asked",
    DeleteArguments,
    yes_option("Do not ask before deleting."),
    plan_option,
    role_option,
    timeout_option,
)


@panel_command("delete")
@stack_options
@_delete_options
def command(where: StackArguments, asked: DeleteArguments) -> int:
    """Delete the stacks of SOURCE, in reverse order.

    Refuses if another stack imports their exports, or if termination protection is on.
    """
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.deleting import delete, plan_deletion
    from cfnroles.formats import deployment

    selected = where.selected()
    check_can_ask(ask=not asked.yes, plan_only=asked.plan_only)
    progress = Progress()
    deployer = _deployer(where, asked, progress, selected.place)
    with following_on_interrupt(where.follow):
        planned = plan_deletion(selected.stacks, deployer)
        say(deployment.deletion_text(planned), err=not asked.plan_only)
        if asked.plan_only or planned.empty:
            return 0
        if not asked.yes and not confirm("Delete these?"):
            raise BadAnswer("nothing was deleted: the answer was no")
        with progress.live():
            result = delete(planned, deployer)
    if result.failures:
        say("", err=True)
        say_error(deployment.failure_text(result.failures))
        say("", err=True)
    told = deployment.result_text(result)
    say(told, err=True) if result.failures else note(told)
    return 1 if result.failures else 0


def _deployer(
    where: StackArguments, asked: DeleteArguments, progress: Progress, place: EnvironmentPlace | None
) -> Deployer:
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.deploy.deployer import Deployer
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.home import Destination, home_of
    from cfnroles.deploy.plan import Options, Run

    connection = where.connection()
    cloudformation = CloudFormation(connection)
    pace = Pace(cloudformation.is_local)
    pace.deadline = pace.clock.now() + asked.timeout * 60
    pace.follow = where.follow
    options = Options(role_arn=asked.role_arn, place=place)
    told = place is not None and (place.account or place.region)
    home = home_of(connection, cloudformation.region, cloudformation.endpoint_url) if told else Destination()
    return Deployer(cloudformation, options, Run.new(), pace, progress.tell, home=home)
