"""The resources of a configuration next to its task definitions, from files, a plan or a state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from cfnroles.hcl.syntax import Place
from cfnroles.iam.roles import Unread
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_policies import spelled
from cfnroles.text import Text

ROLE, POLICY = "aws_iam_role", "aws_iam_policy"
INLINE, ATTACHMENT = "aws_iam_role_policy", "aws_iam_role_policy_attachment"
#: The argument of a resource with the roles that it gives policies to.
NAMING = {
    INLINE: "role",
    ATTACHMENT: "role",
    "aws_iam_policy_attachment": "roles",
    "aws_iam_role_policy_attachments_exclusive": "role_name",
}


_Result = TypeVar("_Result")


class PolicyKind(Struct, frozen=True):
    """A type with the policy of a resource: the argument with the policy, that with the resource, and the end of the
    ARN.

    Without an argument for the resource, it is the resource itself.
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
#: The argument of a resource or data source with its name in the ARN.
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
    """Return the arguments with the resource and the policy."""
    own = (policy.naming,) if policy.naming else ("arn", CALLED_BY.get(kind, ""))
    return (*filter(None, own), "policy")


#: The arguments and blocks to read of each type.
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
    """A resource or data source with the arguments that are read. ``data`` means the latter."""

    address: str
    type: str
    attributes: Attributes
    place: Place
    data: bool = False

    @property
    def where(self) -> str:
        """Its place in words."""
        return str(self.place)

    def known(self, name: str) -> Text | None:
        """Return the text of an attribute, with its symbols; ``None`` if there is none."""
        return spelled(self.attributes.get(name))


class Surface(Protocol):
    """The resources of a configuration in one world of its conditions."""

    def roles(self, named: Sequence[Text]) -> Iterable[Configured]:
        """Return the roles that may be among the named ones."""

    def policies(self, roles: Sequence[Configured]) -> Iterable[Configured | Unread]:
        """Return what may give policies to these roles, and the unreadable parts of that."""

    def at(self, address: str) -> Configured | None:
        """Return the resource or data source with an address."""

    def policy(self, arn: str) -> Configured | None:
        """Return the customer managed policy with an ARN."""

    def holders(self, names: Sequence[str]) -> Iterable[Configured]:
        """Return the policies of secrets, buckets, repositories and keys that may contain one of these texts."""

    def beside(self, role: Configured) -> Iterable[Unread]:
        """Return the unreadable parts that may give policies to a role."""

    def users(self, role: Configured) -> tuple[str, ...]:
        """Return the addresses of other users of a role than task definitions and what runs them."""

    def once(self, key: object, work: Callable[[], _Result]) -> _Result:
        """Return the result of a computation for this key, which worlds share in which nothing that it asks differs."""
