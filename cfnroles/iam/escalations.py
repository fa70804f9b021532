"""Known privilege escalations as data, one row for each.

Compiled from https://pathfinding.cloud (Datadog),
https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/ and AWS's pages about the calls. A way
that includes a shorter one has no row.
"""

from __future__ import annotations

from msgspec import Struct


class Step(Struct, frozen=True):
    """One action of an escalation. ``every`` is the kind of resource that it must cover completely; empty: any
    resource.

    With ``iam:role/``, permission for some named roles is intended and does not count.
    """

    action: str
    every: str = ""


class Escalation(Struct, frozen=True):
    """An escalation: all of its steps, and what it ``gives``. ``passed_to`` is the service to which a role is passed.

    ``plain`` says that every action of the service has this effect.
    """

    steps: tuple[Step, ...]
    gives: str
    source: str
    passed_to: str = ""
    plain: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of the steps."""
        return tuple(step.action for step in self.steps)

    def __str__(self) -> str:
        first, *others = self.actions
        return f"{first} with {' and '.join(others)}" if others else first


_PATHS = "https://pathfinding.cloud/paths/"
_IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
_RHINO = "https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/"


def _alone(action: str, every: str, gives: str, source: str) -> Escalation:
    return Escalation((Step(action, every),), gives, source)


def _passing(path: str, service: str, *actions: str) -> Escalation:
    steps = (Step("iam:PassRole", "iam:role/"), *map(Step, actions))
    return Escalation(steps, "run code with any role that the service may assume", f"{_PATHS}{path}", service)


def _calling(service: str, page: str, *actions: str) -> Escalation:
    steps = (Step("iam:PassRole", "iam:role/"), *map(Step, actions))
    gives = "make calls with any role that the service may assume"
    return Escalation(steps, gives, f"https://docs.aws.amazon.com/{page}", service)


def _opening(action: str, every: str, gives: str, page: str) -> Escalation:
    return Escalation((Step(action, every),), gives, f"https://docs.aws.amazon.com/{page}", plain=True)


def _taking(path: str, every: str, gives: str, *actions: str) -> Escalation:
    return Escalation(tuple(Step(action, every) for action in actions), gives, f"{_PATHS}{path}")


_ITSELF = "give itself any permission"
_USER = "become any user"
_ROLE = "become any role"

ESCALATIONS: tuple[Escalation, ...] = (
    # Changing permissions, or their owner.
    _alone("iam:CreatePolicyVersion", "iam:policy/", _ITSELF, f"{_PATHS}iam-001"),
    _alone("iam:SetDefaultPolicyVersion", "iam:policy/", "bring an earlier, wider version of any policy back", _RHINO),
    _alone("iam:PutRolePolicy", "iam:role/", _ITSELF, f"{_PATHS}iam-005"),
    _alone("iam:AttachRolePolicy", "iam:role/", _ITSELF, f"{_PATHS}iam-009"),
    _alone(
        "iam:DeleteRolePermissionsBoundary",
        "iam:role/",
        "take the permissions boundary off any role",
        f"{_IAM}API_DeleteRolePermissionsBoundary.html",
    ),
    _alone(
        "iam:PutRolePermissionsBoundary",
        "iam:role/",
        "give any role a wider permissions boundary",
        f"{_IAM}API_PutRolePermissionsBoundary.html",
    ),
    _alone(
        "iam:DeleteUserPermissionsBoundary",
        "iam:user/",
        "take the permissions boundary off any user",
        f"{_IAM}API_DeleteUserPermissionsBoundary.html",
    ),
    _alone(
        "iam:PutUserPermissionsBoundary",
        "iam:user/",
        "give any user a wider permissions boundary",
        f"{_IAM}API_PutUserPermissionsBoundary.html",
    ),
    _alone("iam:UpdateAssumeRolePolicy", "iam:role/", _ROLE, f"{_PATHS}iam-012"),
    _alone("iam:CreateAccessKey", "iam:user/", _USER, f"{_PATHS}iam-002"),
    _alone("iam:CreateLoginProfile", "iam:user/", _USER, f"{_PATHS}iam-004"),
    _alone("iam:UpdateLoginProfile", "iam:user/", _USER, f"{_PATHS}iam-006"),
    _alone("iam:PutUserPolicy", "iam:user/", "give any user any permission", f"{_PATHS}iam-007"),
    _alone("iam:AttachUserPolicy", "iam:user/", "give any user any permission", f"{_PATHS}iam-008"),
    _alone("iam:AttachGroupPolicy", "iam:group/", "give any group any permission", f"{_PATHS}iam-010"),
    _alone("iam:PutGroupPolicy", "iam:group/", "give any group any permission", f"{_PATHS}iam-011"),
    _alone("iam:AddUserToGroup", "iam:group/", "put users into any group", f"{_PATHS}iam-013"),
    _alone("sts:AssumeRole", "iam:role/", "become any role that trusts the account", f"{_PATHS}sts-001"),
    # Passing a role to a service that runs code with it.
    _passing("ecs-008", "ecs-tasks.amazonaws.com", "ecs:RunTask"),
    _passing("ecs-009", "ecs-tasks.amazonaws.com", "ecs:StartTask"),
    _passing("ecs-003", "ecs-tasks.amazonaws.com", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    _passing("lambda-001", "lambda.amazonaws.com", "lambda:CreateFunction", "lambda:InvokeFunction"),
    _passing("lambda-002", "lambda.amazonaws.com", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    _passing("lambda-006", "lambda.amazonaws.com", "lambda:CreateFunction", "lambda:AddPermission"),
    _passing("ec2-001", "ec2.amazonaws.com", "ec2:RunInstances"),
    _passing("ec2-003", "ec2.amazonaws.com", "ec2:RequestSpotInstances"),
    _passing("cloudformation-001", "cloudformation.amazonaws.com", "cloudformation:CreateStack"),
    _passing("cloudformation-004", "cloudformation.amazonaws.com", "cloudformation:UpdateStackSet"),
    _passing(
        "cloudformation-003",
        "cloudformation.amazonaws.com",
        "cloudformation:CreateStackSet",
        "cloudformation:CreateStackInstances",
    ),
    _passing("codebuild-001", "codebuild.amazonaws.com", "codebuild:CreateProject", "codebuild:StartBuild"),
    _passing("codebuild-004", "codebuild.amazonaws.com", "codebuild:CreateProject", "codebuild:StartBuildBatch"),
    _passing("batch-001", "ecs-tasks.amazonaws.com", "batch:RegisterJobDefinition", "batch:SubmitJob"),
    _passing("glue-001", "glue.amazonaws.com", "glue:CreateDevEndpoint"),
    _passing("glue-003", "glue.amazonaws.com", "glue:CreateJob", "glue:StartJobRun"),
    _passing("glue-004", "glue.amazonaws.com", "glue:CreateJob", "glue:CreateTrigger"),
    _passing("glue-005", "glue.amazonaws.com", "glue:UpdateJob", "glue:StartJobRun"),
    _passing("glue-006", "glue.amazonaws.com", "glue:UpdateJob", "glue:CreateTrigger"),
    _passing("sagemaker-001", "sagemaker.amazonaws.com", "sagemaker:CreateNotebookInstance"),
    _passing("sagemaker-002", "sagemaker.amazonaws.com", "sagemaker:CreateTrainingJob"),
    _passing("sagemaker-003", "sagemaker.amazonaws.com", "sagemaker:CreateProcessingJob"),
    _passing("apprunner-001", "tasks.apprunner.amazonaws.com", "apprunner:CreateService"),
    _passing(
        "bedrock-001",
        "bedrock-agentcore.amazonaws.com",
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    _passing(
        "datapipeline-001",
        "datapipeline.amazonaws.com",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    _calling(
        "states.amazonaws.com",
        "step-functions/latest/dg/supported-services-awssdk.html",
        "states:CreateStateMachine",
        "states:StartExecution",
    ),
    _calling(
        "states.amazonaws.com",
        "step-functions/latest/dg/supported-services-awssdk.html",
        "states:UpdateStateMachine",
        "states:StartExecution",
    ),
    _calling(
        "scheduler.amazonaws.com",
        "scheduler/latest/UserGuide/managing-targets-universal.html",
        "scheduler:CreateSchedule",
    ),
    _calling(
        "scheduler.amazonaws.com",
        "scheduler/latest/UserGuide/managing-targets-universal.html",
        "scheduler:UpdateSchedule",
    ),
    _calling(
        "ssm.amazonaws.com",
        "systems-manager/latest/userguide/automation-setup-iam.html",
        "ssm:StartAutomationExecution",
    ),
    # Taking over something that has a role.
    _taking("lambda-003", "lambda:function:", "run code with the role of any function", "lambda:UpdateFunctionCode"),
    Escalation(
        (Step("lambda:UpdateFunctionConfiguration", "lambda:function:"),),
        "run code with the role of any function, by a layer",
        "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html",
    ),
    _taking("codebuild-002", "codebuild:project/", "run code with the role of any project", "codebuild:StartBuild"),
    _taking(
        "codebuild-003", "codebuild:project/", "run code with the role of any project", "codebuild:StartBuildBatch"
    ),
    _taking("cloudformation-002", "cloudformation:stack/", "use the role of any stack", "cloudformation:UpdateStack"),
    _taking(
        "cloudformation-005",
        "cloudformation:stack/",
        "use the role of any stack",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
    ),
    _taking("apprunner-002", "apprunner:service/", "run code with the role of any service", "apprunner:UpdateService"),
    _taking("glue-002", "glue:devEndpoint/", "run code with the role of any endpoint", "glue:UpdateDevEndpoint"),
    _taking("ssm-001", "ec2:instance/", "open a shell on any instance, with its role", "ssm:StartSession"),
    _taking("ssm-002", "ec2:instance/", "run commands on any instance, with its role", "ssm:SendCommand"),
    _taking(
        "ecs-006", "ecs:task/", "run commands in any task, with its role", "ecs:ExecuteCommand", "ecs:DescribeTasks"
    ),
    _taking(
        "ec2-002",
        "ec2:instance/",
        "run code on any instance, with its role",
        "ec2:ModifyInstanceAttribute",
        "ec2:StopInstances",
        "ec2:StartInstances",
    ),
    _taking(
        "ec2-004",
        "ec2:launch-template/",
        "run code on the next instances, with their role",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:ModifyLaunchTemplate",
    ),
    _taking(
        "sagemaker-004",
        "sagemaker:notebook-instance/",
        "open any notebook, with its role",
        "sagemaker:CreatePresignedNotebookInstanceUrl",
    ),
    _taking(
        "sagemaker-005",
        "sagemaker:notebook-instance/",
        "run code on any notebook, with its role",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ),
    _taking(
        "ec2instanceconnect-003",
        "ec2:instance/",
        "log in on any instance, with its role",
        "ec2-instance-connect:SendSSHPublicKey",
    ),
    _taking(
        "bedrock-002",
        "bedrock-agentcore:code-interpreter",
        "run code in any code interpreter, with its role",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    # Changing who may use a resource, including itself and other accounts.
    _opening(
        "kms:PutKeyPolicy", "kms:key/", "say who may use any key", "kms/latest/developerguide/key-policy-modifying.html"
    ),
    _opening("kms:CreateGrant", "kms:key/", "let anyone use any key", "kms/latest/developerguide/grants.html"),
    _opening("s3:PutBucketPolicy", "s3:", "say who may use any bucket", "AmazonS3/latest/API/API_PutBucketPolicy.html"),
    _opening("s3:PutBucketAcl", "s3:", "say who may use any bucket", "AmazonS3/latest/API/API_PutBucketAcl.html"),
    _opening(
        "s3:PutAccessPointPolicy",
        "s3:accesspoint/",
        "say who may use any access point",
        "AmazonS3/latest/API/API_control_PutAccessPointPolicy.html",
    ),
    _opening(
        "secretsmanager:PutResourcePolicy",
        "secretsmanager:secret:",
        "say who may read any secret",
        "secretsmanager/latest/apireference/API_PutResourcePolicy.html",
    ),
    _opening(
        "ssm:PutResourcePolicy",
        "ssm:parameter/",
        "say who may read any parameter that can be shared",
        "systems-manager/latest/APIReference/API_PutResourcePolicy.html",
    ),
    _opening(
        "ecr:SetRepositoryPolicy",
        "ecr:repository/",
        "say who may use any repository",
        "AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html",
    ),
    _opening(
        "lambda:AddPermission",
        "lambda:function:",
        "let anyone call any function",
        "lambda/latest/api/API_AddPermission.html",
    ),
    _opening(
        "sqs:SetQueueAttributes",
        "sqs:",
        "say who may use any queue",
        "AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    ),
    _opening(
        "sqs:AddPermission",
        "sqs:",
        "let anyone use any queue",
        "AWSSimpleQueueService/latest/APIReference/API_AddPermission.html",
    ),
    _opening(
        "sns:SetTopicAttributes", "sns:", "say who may use any topic", "sns/latest/api/API_SetTopicAttributes.html"
    ),
    _opening("sns:AddPermission", "sns:", "let anyone use any topic", "sns/latest/api/API_AddPermission.html"),
    _opening(
        "dynamodb:PutResourcePolicy",
        "dynamodb:table/",
        "say who may use any table",
        "amazondynamodb/latest/APIReference/API_PutResourcePolicy.html",
    ),
    _opening(
        "kinesis:PutResourcePolicy",
        "kinesis:stream/",
        "say who may use any stream",
        "kinesis/latest/APIReference/API_PutResourcePolicy.html",
    ),
    _opening(
        "elasticfilesystem:PutFileSystemPolicy",
        "elasticfilesystem:file-system/",
        "say who may use any file system",
        "efs/latest/ug/API_PutFileSystemPolicy.html",
    ),
    _opening(
        "events:PutPermission",
        "events:event-bus/",
        "let anyone send events to any bus",
        "eventbridge/latest/APIReference/API_PutPermission.html",
    ),
)
