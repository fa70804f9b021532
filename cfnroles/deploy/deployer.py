"""The shared input of planning and applying, besides the stacks."""

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
    """The target of a deployment, its options, and its callbacks.

    ``upload`` stores a template that is too long for a request where CloudFormation can read it, and returns its URL.
    ``ask`` returns missing parameter values; without it, they are an error. ``examine`` checks secrets and parameters;
    without it, only the gate in the stack does. ``gaps`` are those of the roles, if the build recorded them.
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
