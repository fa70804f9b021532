"""What a configuration has beside its task definitions, wherever that stands: files, a plan or a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from cfnroles.hcl.syntax import Place
from cfnroles.iam.roles import Unread
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_policies import spelled
from cfnroles.text import Text

ROLE, POLICY = "aws_iam_role", "aws_iam_policy"
INLINE, ATTACHMENT = "aws_iam_role_policy", "aws_iam_role_policy_attachment"
#: The argument in which a resource names the roles that it gives policies to.
NAMING = {
    INLINE: "role",
    ATTACHMENT: "role",
    "aws_iam_policy_attachment": "roles",
    "aws_iam_role_policy_attachments_exclusive": "role_name",
}


class PolicyKind(Struct, frozen=True):
    """A type with the policy of a resource: what that is called, what names it, and how its ARN goes on.

    Without an argument that names one it is the resource itself.
    """

    noun: str
    naming: str
    service: str
    before: str


RESOURCE_POLICIES: Mapping[str, PolicyKind] = {
    "aws_secretsmanager_secret_policy": PolicyKind("secret", "secret_arn", "secretsmanager", ""),
    "aws_s3_bucket_policy": PolicyKind("bucket", "bucket", "s3", ""),
    "aws_ecr_repository_policy": PolicyKind("repository", "repository", "ecr", "repository/"),
    "aws_kms_key_policy": PolicyKind("key", "key_id", "kms", "key/"),
    "aws_kms_key": PolicyKind("key", "", "kms", "key/"),
    "aws_secretsmanager_secret": PolicyKind("secret", "", "secretsmanager", "secret:"),
    "aws_s3_bucket": PolicyKind("bucket", "", "s3", ""),
}
#: The argument by which a resource or data source is called in its ARN.
CALLED_BY = {
    "aws_secretsmanager_secret": "name",
    "aws_ssm_parameter": "name",
    "aws_s3_bucket": "bucket",
    "aws_ecr_repository": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_lambda_function": "function_name",
    "aws_ecs_cluster": "name",
    "aws_ecs_task_definition": "family",
    "aws_sqs_queue": "name",
    "aws_sns_topic": "name",
    "aws_dynamodb_table": "name",
    "aws_kinesis_stream": "name",
    "aws_kinesis_firehose_delivery_stream": "name",
    "aws_cloudwatch_event_bus": "name",
    "aws_sfn_state_machine": "name",
    ROLE: "name",
}


def _asked(kind: str, policy: PolicyKind) -> tuple[str, ...]:
    """What names the resource that a policy is of, and the policy."""
    own = (policy.naming,) if policy.naming else ("arn", CALLED_BY.get(kind, ""))
    return (*filter(None, own), "policy")


#: What is asked of each type: its arguments and its blocks.
ASKED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ROLE: (
        (
            "name",
            "name_prefix",
            "path",
            "arn",
            "id",
            "assume_role_policy",
            "managed_policy_arns",
            "permissions_boundary",
        ),
        ("inline_policy",),
    ),
    POLICY: (("name", "arn", "policy"), ()),
    INLINE: (("name", "role", "policy"), ()),
    ATTACHMENT: (("role", "policy_arn"), ()),
    "aws_iam_policy_attachment": (("roles", "policy_arn"), ()),
    "aws_iam_role_policy_attachments_exclusive": (("role_name", "policy_arns"), ()),
    **{kind: (_asked(kind, each), ()) for kind, each in RESOURCE_POLICIES.items()},
}


class Configured(Struct, frozen=True):
    """A resource or a data source, as far as it is asked about. ``data`` says that it is the latter."""

    address: str
    type: str
    attributes: Attributes
    place: Place
    data: bool = False

    @property
    def where(self) -> str:
        """Its place, for people."""
        return str(self.place)

    def known(self, name: str) -> Text | None:
        """The text of an attribute, with its symbols; ``None`` where there is none."""
        return spelled(self.attributes.get(name))


class Surface(Protocol):
    """What a configuration has in one world of its conditions."""

    def roles(self, named: Sequence[Text]) -> Iterable[Configured]:
        """The roles that may be one of those that are named so."""

    def policies(self, roles: Sequence[Configured]) -> Iterable[Configured | Unread]:
        """What may give policies to these roles, and what cannot be seen of that."""

    def at(self, address: str) -> Configured | None:
        """The resource or data source with an address."""

    def policy(self, arn: str) -> Configured | None:
        """The customer managed policy with an ARN."""

    def holders(self, names: Sequence[str]) -> Iterable[Configured]:
        """The policies of secrets, buckets, repositories and keys, as far as they may have one of these texts."""

    def beside(self, role: Configured) -> Iterable[Unread]:
        """What may give policies to a role, and cannot be seen."""

    def users(self, role: Configured) -> tuple[str, ...]:
        """The addresses of what has a role, besides task definitions and what runs them."""
