"""CodePipeline pipelines in a template that deploy its services with another image or task definition.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECS.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.need import Gap, Holder
from cfnroles.sources.template_families import runs_task
from cfnroles.sources.template_members import elements
from cfnroles.sources.template_task_definitions import TemplateTask
from cfnroles.sources.template_task_types import SERVICE
from cfnroles.table.ecs import FEATURES, ecr_images
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import from_spelling

PIPELINE = "AWS::CodePipeline::Pipeline"
DEPLOYMENT_GROUP = "AWS::CodeDeploy::DeploymentGroup"
_IMAGE, _WHOLE = "ECS", "CodeDeployToECS"
_FILE = "imagedefinitions.json"
_CODE_DEPLOY = "CODE_DEPLOY"
_PULLING = tuple(grant.action_name for feature in ecr_images.FEATURES[:1] for grant in feature.grants)


class _Deploying(Struct, frozen=True):
    """One action of a pipeline that deploys to ECS."""

    pipeline: str
    provider: str
    configuration: Mapping[str, Any]


def deployed_otherwise(task: TemplateTask, stack: ResolvedStack) -> Iterator[Gap]:
    """Yield a gap for each image that a pipeline replaces, or for a whole task definition that it replaces."""
    services = [each for each in stack.of_type(SERVICE) if runs_task(each, task.resource)]
    for action in _actions(stack) if services else ():
        if not any(_may_deploy(action, each, stack) for each in services):
            continue
        if action.provider == _WHOLE:
            what = f"the pipeline {action.pipeline} replaces this task definition with that of its artifact"
            how = "Also pass that file to cfnroles: the execution role needs its permissions"
            yield Gap(Holder.EXECUTION, "deployed-otherwise", task.workload.origin(()), what, how, _of_execution())
            continue
        file = action.configuration.get("FileName", _FILE)
        for path, image in task.workload.find("containerDefinitions[].image"):
            what = (
                f"the pipeline {action.pipeline} deploys another image, which is named only in {file} of its artifact"
            )
            how = f"If that image is in Amazon ECR, the execution role needs {', '.join(_PULLING)} on its repository"
            if isinstance(image, str):
                yield Gap(Holder.EXECUTION, "deployed-otherwise", task.workload.origin(path), what, how, _PULLING)


def _actions(stack: ResolvedStack) -> Iterator[_Deploying]:
    for pipeline in stack.of_type(PIPELINE):
        for stage, _ in elements(pipeline.properties.get("Stages"), ()):
            for action, _ in elements(stage.get("Actions") if isinstance(stage, Mapping) else None, ()):
                kind = action.get("ActionTypeId") if isinstance(action, Mapping) else None
                provider = kind.get("Provider") if isinstance(kind, Mapping) else None
                if provider in (_IMAGE, _WHOLE):
                    said = action.get("Configuration")
                    yield _Deploying(pipeline.logical_id, str(provider), said if isinstance(said, Mapping) else {})


def _may_deploy(action: _Deploying, service: Resource, stack: ResolvedStack) -> bool:
    """Return whether an action may deploy a service: by its name, or by an unknown name."""
    if action.provider != _WHOLE:
        return _may_name(action.configuration.get("ServiceName"), service, stack)
    controller = service.properties.get("DeploymentController")
    if not isinstance(controller, Mapping) or controller.get("Type") != _CODE_DEPLOY:
        return False
    group = _group_of(action, stack)
    services = [each for each, _ in elements(group.properties.get("ECSServices"), ())] if group else []
    names = [each.get("ServiceName") if isinstance(each, Mapping) else None for each in services]
    return not names or any(_may_name(name, service, stack) for name in names)


def _group_of(action: _Deploying, stack: ResolvedStack) -> Resource | None:
    """Return the deployment group of an action, if the template contains it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-codedeploy-deploymentgroup-ecsservice.html
    """
    given = action.configuration.get("DeploymentGroupName")
    if not isinstance(given, str):
        return None
    whole = from_spelling(given, policy=False).whole
    return stack.resources.get(whole.name) if whole is not None else None


def _may_name(given: Any, service: Resource, stack: ResolvedStack) -> bool:
    """Return whether this may be the name of a service."""
    if not isinstance(given, str):
        return True
    name = from_spelling(given, policy=False)
    known = [symbol.name.partition(".")[0] for symbol in name.unknown]
    if service.logical_id in known or name == service.properties.get("ServiceName"):
        return True
    return bool(known) and not any(each in stack.resources for each in known)


def _of_execution() -> tuple[str, ...]:
    """Return all actions that an execution role may need."""
    features = (feature for feature in FEATURES if feature.holder is Holder.EXECUTION)
    return tuple(dict.fromkeys(grant.action_name for feature in features for grant in feature.grants))
