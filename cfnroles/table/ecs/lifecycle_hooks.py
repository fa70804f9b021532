"""Lifecycle hooks: functions that ECS invokes at the stages of a deployment."""

from __future__ import annotations

from awacs import awslambda

from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Grant, Malformed
from cfnroles.table.references import located_arn
from cfnroles.text import Text


def function(found: Found) -> Text:
    """The function, or one version or alias of it."""
    arn = located_arn(found.text)
    if arn.service != "lambda" or not arn.resource.startswith("function:"):
        raise Malformed(
            f"{found.text.written} is not the ARN of a Lambda function",
            "Write arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME.",
        )
    return arn.text


FEATURES = (
    Feature(
        name="lifecycle-hook",
        field="service.deploymentConfiguration.lifecycleHooks[].hookTargetArn",
        holder=Holder.LIFECYCLE_HOOK,
        why="ECS invokes the function at the stages of a deployment that the hook names",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-permissions.html",
        standing=Standing.DOCUMENTED,
        example="arn:aws:lambda:us-east-1:123456789012:function:shop-smoke-test",
        grants=(Grant(awslambda.InvokeFunction, on=function, sid="InvokeLifecycleHooks"),),
    ),
)
