"""A failure in an AWS account: the responses of AWS, and the task definition as a source."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.aws import cloudformation
from cfnroles.aws.connection import Connection
from cfnroles.aws.ecs import Ecs
from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.sources.failures import Gathered, of_service, of_stack, of_task, region_of
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.told import Told
from cfnroles.text import arn_of

_LAUNCH_TYPES = ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")


class FailedThing(Struct, frozen=True):
    """What failed, by name or ARN: exactly one of task, service and stack."""

    cluster: str = ""
    task: str = ""
    service: str = ""
    stack: str = ""

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` unless there is exactly one."""
        given = [f"--{name}" for name in ("task", "service", "stack") if getattr(self, name)]
        if len(given) != 1:
            raise InvalidInput(
                f"{' and '.join(given)} cannot be combined"
                if given
                else "--live requires --task, --service or --stack",
                remedy="Pass one of --task TASK, --service NAME and --stack NAME.",
            )
        if self.stack and self.cluster:
            raise InvalidInput("--cluster requires --task or --service", remedy="Omit it.")
        region_of(self.cluster, self.task, self.service, self.stack)

    @property
    def region(self) -> str:
        """The Region in an ARN; empty if there is none."""
        return region_of(self.cluster, self.task, self.service, self.stack)


def gather(failure: FailedThing, profile: str, region: str) -> Gathered:
    """Read the responses of AWS about a failure. Raise ``Unavailable`` if it does not exist or cannot be read."""
    connection = Connection(profile, region or failure.region)
    ecs = Ecs(connection)
    if failure.task:
        return of_task(ecs, failure.cluster, failure.task)
    if failure.service:
        return of_service(ecs, failure.cluster, failure.service)
    return of_stack(ecs, cloudformation.CloudFormation(connection), failure.stack)


def reading_of(gathered: Gathered) -> Reading | None:
    """Return the task definition of the failure as a source; ``None`` if it could not be read."""
    arn = arn_of(gathered.definition)
    if not gathered.document or arn is None:
        return None
    launch_type = gathered.launch_type if gathered.launch_type in _LAUNCH_TYPES else ""
    told = Told(account=str(arn.account), region=str(arn.region), launch_type=launch_type)
    return read(Document(str(arn.resource).rpartition("/")[2], gathered.document), told)
