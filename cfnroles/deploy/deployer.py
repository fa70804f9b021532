"""What planning and applying share beside the stacks."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.deploy.following import Pace
from cfnroles.deploy.home import Destination
from cfnroles.deploy.parameters import Ask
from cfnroles.deploy.plan import Options, Run, Tell
from cfnroles.deploy.reference_check import Examine
from cfnroles.deploy.stacks_file import StackSource


class Deployer(Struct, frozen=True):
    """Where to deploy, how, and whom to tell.

    ``upload`` puts a template that is too long for a request where CloudFormation can read it, and returns
    its URL. ``ask`` gives values to parameters that have none; without it, they refuse the deployment. ``examine``
    asks about secrets and parameters; without it, the gate in the stack is the first who does. ``gaps`` are what the
    roles lack, as far as the build told.
    """

    cloudformation: CloudFormation
    options: Options
    run: Run
    pace: Pace
    tell: Tell
    upload: Callable[[StackSource], str] | None = None
    ask: Ask | None = None
    home: Destination = Destination()
    examine: Examine | None = None
    gaps: tuple[str, ...] | None = ()
