"""Files that people pass in place of a task definition: those of other tools, and other output of the AWS CLI."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from cfnroles.spelling import meant

Members = Mapping[str, Any]

_DESCRIBE = "Pass the task definitions: `aws ecs describe-task-definition`."
#: https://aws.github.io/copilot-cli/docs/manifest/overview/
_COPILOT = {
    **dict.fromkeys(
        ("Load Balanced Web Service", "Request-Driven Web Service", "Backend Service", "Worker Service"), "svc"
    ),
    "Scheduled Job": "job",
}
_TASK_DEFINITION = "task-definition"


def foreign(members: Members) -> str:
    """Return what a document looks like, and what to pass instead; empty for an unknown one."""
    return next((told for each in _KINDS if (told := each(members))), "")


def _compose(members: Members) -> str:
    services = members.get("services")
    each = services.values() if isinstance(services, Mapping) else ()
    return f"It looks like a Compose file. {_DESCRIBE}" if _all_with(each, {"image", "build"}) else ""


def _kubernetes(members: Members) -> str:
    found = {"apiVersion", "kind"} <= members.keys()
    return "It looks like a Kubernetes manifest. cfnroles reads what Amazon ECS runs." if found else ""


def is_beanstalk(members: Members) -> bool:
    """Return whether it is for Elastic Beanstalk, which has its own form of container definitions.

    https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/create_deploy_docker_v2config.html
    """
    return "AWSEBDockerrunVersion" in members


def _beanstalk(members: Members) -> str:
    what = "It looks like a Dockerrun.aws.json of Elastic Beanstalk, whose tasks use the role of the instances."
    return what if is_beanstalk(members) else ""


def _copilot(members: Members) -> str:
    command = _COPILOT.get(str(members.get("type")), "")
    return f"It looks like a Copilot manifest. Pass its template: `copilot {command} package`." if command else ""


def _app_spec(members: Members) -> str:
    found = isinstance(members.get("Resources"), list)
    return f"It looks like an AppSpec file of CodeDeploy. {_DESCRIBE}" if found else ""


def _cdk(members: Members) -> str:
    found = isinstance(members.get("app"), str)
    return "It looks like the settings of a CDK app. Run `cdk synth`, and pass cdk.out." if found else ""


def _image_definitions(members: Members) -> str:
    found = {"name", "imageUri"} == members.keys()
    return f"It looks like an image definitions file of CodePipeline. {_DESCRIBE}" if found else ""


def _service(members: Members) -> str:
    services = members.get("services")
    first = services[0] if isinstance(services, list) and services else members
    found = isinstance(first, Mapping) and "serviceName" in first and isinstance(first.get("taskDefinition"), str)
    what = "It looks like a service of Amazon ECS. Pass its task definition, and this file with --service-file."
    return what if found else ""


def _tasks(members: Members) -> str:
    found = isinstance(members.get("tasks"), list)
    return "It looks like the output of `aws ecs describe-tasks`: `cfnroles diagnose` reads it." if found else ""


def _roles(members: Members) -> str:
    what = "It has the roles of an account. Pass a task definition, and this file with --role FILE:NAME."
    return what if "RoleDetailList" in members else ""


def _named(members: Members) -> str:
    name = members.get("task_definition")
    return "It names a task definition in another file. Pass that file." if isinstance(name, str) else ""


def _spec(members: Members) -> str:
    services = members.get("services")
    each = services.values() if isinstance(services, Mapping) else ()
    near = meant(_TASK_DEFINITION, (str(key) for one in each if isinstance(one, Mapping) for key in one), 0.9)
    return f"Its services have {near}. Did you mean {_TASK_DEFINITION}?" if near else ""


def _all_with(values: Collection[Any], keys: set[str]) -> bool:
    return bool(values) and all(isinstance(each, Mapping) and each.keys() & keys for each in values)


_KINDS: tuple[Callable[[Members], str], ...] = (
    *(_compose, _kubernetes, _beanstalk, _copilot, _app_spec, _cdk),
    *(_image_definitions, _service, _tasks, _roles, _named, _spec),
)
