"""The types of resources that the stand-in provider has."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from tf.types import Bool, Map, Number

from tests.terraform.kinds import (
    TEXT,
    TEXTS,
    Blocks,
    Json,
    Resource,
    computed,
    either,
    optional,
    required,
    tags,
    untagged,
)

NUMBER, BOOL, JSON, MAP = Number(), Bool(), Json(), Map(TEXT)
ABSENT = ("NoSuchEntity", "ResourceNotFoundException", "RepositoryNotFoundException", "404", "NoSuchBucket")
_COUNT = itertools.count(1)

Values = Mapping[str, Any]


def there(call: Callable[[], Any]) -> Any:
    """What the call answers; ``None`` where AWS says that it is not there."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in (*ABSENT, "RepositoryPolicyNotFoundException"):
            return None
        raise


def named(values: Values) -> str:
    """The name that the configuration gives, or one that begins with its prefix, as long as AWS's provider makes it."""
    if values["name"]:
        return str(values["name"])
    made = f"{time.strftime('%Y%m%d%H%M%S', time.gmtime())}0000{next(_COUNT):08x}"
    return f"{values.get('name_prefix') or 'terraform-'}{made}"


class Role(Resource):
    NAME = "iam_role"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        either("name", requires_replace=True),
        either("name_prefix", requires_replace=True),
        required("assume_role_policy", JSON),
        optional("description"),
        either("path", default="/", requires_replace=True),
        optional("permissions_boundary"),
        either("max_session_duration", NUMBER, default=3600),
        either("force_detach_policies", BOOL, default=False),
        optional("tags", MAP),
        computed("unique_id"),
    )

    def make(self, values: Values) -> dict[str, Any]:
        name = named(values)
        optional_members = {
            "Description": values["description"],
            "PermissionsBoundary": values["permissions_boundary"],
            "MaxSessionDuration": values["max_session_duration"],
            "Tags": tags(values["tags"]),
        }
        self.client("iam").create_role(
            RoleName=name,
            Path=values["path"],
            AssumeRolePolicyDocument=json.dumps(values["assume_role_policy"]),
            **{member: value for member, value in optional_members.items() if value},
        )
        return {"id": name, "name": name}

    def change(self, values: Values) -> None:
        iam, name = self.client("iam"), values["name"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(values["assume_role_policy"]))
        iam.update_role(
            RoleName=name,
            Description=values["description"] or "",
            MaxSessionDuration=values["max_session_duration"] or 3600,
        )
        if values["permissions_boundary"]:
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=values["permissions_boundary"])
        else:
            there(lambda: iam.delete_role_permissions_boundary(RoleName=name))
        had = [one["Key"] for one in iam.list_role_tags(RoleName=name)["Tags"]]
        if had:
            iam.untag_role(RoleName=name, TagKeys=had)
        if values["tags"]:
            iam.tag_role(RoleName=name, Tags=tags(values["tags"]))

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = there(lambda: self.client("iam").get_role(RoleName=values["name"]))
        if answer is None:
            return None
        role = answer["Role"]
        return {
            "id": role["RoleName"],
            "arn": role["Arn"],
            "name": role["RoleName"],
            "name_prefix": values["name_prefix"] or "",
            "assume_role_policy": role["AssumeRolePolicyDocument"],
            "description": role.get("Description") or None,
            "path": role["Path"],
            "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "max_session_duration": role["MaxSessionDuration"],
            "force_detach_policies": bool(values["force_detach_policies"]),
            "tags": untagged(role.get("Tags")),
            "unique_id": role["RoleId"],
        }

    def remove(self, values: Values) -> None:
        self.client("iam").delete_role(RoleName=values["name"])


class RolePolicy(Resource):
    NAME = "iam_role_policy"
    ATTRIBUTES = (
        computed("id"),
        either("name", requires_replace=True),
        either("name_prefix", requires_replace=True),
        required("policy", JSON),
        required("role", requires_replace=True),
    )

    def make(self, values: Values) -> dict[str, Any]:
        name, role = named(values), values["role"]
        self.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(values["policy"]))
        return {"id": f"{role}:{name}", "name": name, "name_prefix": values["name_prefix"] or ""}

    def found(self, values: Values) -> dict[str, Any] | None:
        iam = self.client("iam")
        answer = there(lambda: iam.get_role_policy(RoleName=values["role"], PolicyName=values["name"]))
        return answer and {"policy": answer["PolicyDocument"]}

    def remove(self, values: Values) -> None:
        self.client("iam").delete_role_policy(RoleName=values["role"], PolicyName=values["name"])

    def identity(self, id_: str) -> dict[str, Any]:
        role, _, name = id_.partition(":")
        return {"id": id_, "role": role, "name": name, "name_prefix": ""}


class Attachment(Resource):
    NAME = "iam_role_policy_attachment"
    ATTRIBUTES = (
        computed("id"),
        required("role", requires_replace=True),
        required("policy_arn", requires_replace=True),
    )

    def make(self, values: Values) -> dict[str, Any]:
        self.client("iam").attach_role_policy(RoleName=values["role"], PolicyArn=values["policy_arn"])
        return {"id": f"{values['role']}/{values['policy_arn']}"}

    def found(self, values: Values) -> dict[str, Any] | None:
        iam = self.client("iam")
        answer = there(lambda: iam.list_attached_role_policies(RoleName=values["role"])) or {"AttachedPolicies": []}
        return {} if values["policy_arn"] in [one["PolicyArn"] for one in answer["AttachedPolicies"]] else None

    def remove(self, values: Values) -> None:
        self.client("iam").detach_role_policy(RoleName=values["role"], PolicyArn=values["policy_arn"])

    def identity(self, id_: str) -> dict[str, Any]:
        role, _, arn = id_.partition("/")
        return {"id": id_, "role": role, "policy_arn": arn}


class Policy(Resource):
    NAME = "iam_policy"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        either("name", requires_replace=True),
        either("name_prefix", requires_replace=True),
        either("path", default="/", requires_replace=True),
        optional("description", requires_replace=True),
        required("policy", JSON, requires_replace=True),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        document = json.dumps(values["policy"])
        made = self.client("iam").create_policy(PolicyName=named(values), Path=values["path"], PolicyDocument=document)
        policy = made["Policy"]
        return {"id": policy["Arn"], "arn": policy["Arn"], "name": policy["PolicyName"], "name_prefix": ""}

    def found(self, values: Values) -> dict[str, Any] | None:
        return there(lambda: self.client("iam").get_policy(PolicyArn=values["id"])) and {}

    def remove(self, values: Values) -> None:
        self.client("iam").delete_policy(PolicyArn=values["arn"])


class Secret(Resource):
    NAME = "secretsmanager_secret"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        either("region", requires_replace=True),
        either("name", requires_replace=True),
        either("name_prefix", requires_replace=True),
        optional("kms_key_id"),
        optional("description"),
        either("recovery_window_in_days", NUMBER, default=30),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        key = {"KmsKeyId": values["kms_key_id"]} if values["kms_key_id"] else {}
        arn = self.client_for(values, "secretsmanager").create_secret(Name=named(values), **key)["ARN"]
        return {"id": arn}

    def change(self, values: Values) -> None:
        self.client_for(values, "secretsmanager").update_secret(
            SecretId=values["arn"], Description=values["description"] or "", KmsKeyId=values["kms_key_id"] or ""
        )

    def found(self, values: Values) -> dict[str, Any] | None:
        secret = there(lambda: self.client_for(values, "secretsmanager").describe_secret(SecretId=values["id"]))
        if secret is None or "DeletedDate" in secret:
            return None
        found = {"id": secret["ARN"], "arn": secret["ARN"], "name": secret["Name"], "name_prefix": ""}
        region = secret["ARN"].split(":")[3]
        return found | {"kms_key_id": secret.get("KmsKeyId") or None, "region": region}

    def remove(self, values: Values) -> None:
        how = {"RecoveryWindowInDays": values["recovery_window_in_days"]}
        if not values["recovery_window_in_days"]:
            how = {"ForceDeleteWithoutRecovery": True}
        self.client_for(values, "secretsmanager").delete_secret(SecretId=values["arn"], **how)


class SecretVersion(Resource):
    NAME = "secretsmanager_secret_version"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        computed("version_id"),
        required("secret_id", requires_replace=True),
        optional("region", requires_replace=True),
        optional("secret_string", sensitive=True),
    )

    def make(self, values: Values) -> dict[str, Any]:
        put = self.client_for(values, "secretsmanager").put_secret_value(
            SecretId=values["secret_id"], SecretString=values["secret_string"]
        )
        return {"id": f"{put['ARN']}|{put['VersionId']}", "arn": put["ARN"], "version_id": put["VersionId"]}

    def found(self, values: Values) -> dict[str, Any] | None:
        return (
            there(lambda: self.client_for(values, "secretsmanager").describe_secret(SecretId=values["secret_id"]))
            and {}
        )

    def remove(self, values: Values) -> None:
        """A version goes with its secret."""


class Parameter(Resource):
    NAME = "ssm_parameter"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        required("name", requires_replace=True),
        required("type"),
        optional("value", sensitive=True),
        either("key_id"),
        computed("version", NUMBER),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        key = {"KeyId": values["key_id"]} if values["key_id"] else {}
        self.client("ssm").put_parameter(
            Name=values["name"], Type=values["type"], Value=values["value"], Overwrite=True, **key
        )
        return {"id": values["name"]}

    def found(self, values: Values) -> dict[str, Any] | None:
        named_so = [{"Key": "Name", "Values": [values["name"]]}]
        found = self.client("ssm").describe_parameters(ParameterFilters=named_so)["Parameters"]
        arn = f"arn:aws:ssm:{self.account.region}:{self.account.id}:parameter/{values['name'].lstrip('/')}"
        if not found:
            return None
        key = values["key_id"] or ("alias/aws/ssm" if found[0]["Type"] == "SecureString" else "")
        return {"arn": arn, "type": found[0]["Type"], "version": found[0]["Version"], "key_id": key}

    def remove(self, values: Values) -> None:
        self.client("ssm").delete_parameter(Name=values["name"])


class Key(Resource):
    NAME = "kms_key"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        computed("key_id"),
        optional("description"),
        optional("deletion_window_in_days", NUMBER),
        optional("enable_key_rotation", BOOL),
        either("policy", JSON),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        return {"id": self.client("kms").create_key(Description=values["description"] or "")["KeyMetadata"]["KeyId"]}

    def change(self, values: Values) -> None:
        """Nothing of a key is changed by the tests."""

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = there(lambda: self.client("kms").describe_key(KeyId=values["id"]))
        if answer is None:
            return None
        key = answer["KeyMetadata"]
        return {"arn": key["Arn"], "key_id": key["KeyId"], "policy": values["policy"] or {}}

    def remove(self, values: Values) -> None:
        self.client("kms").schedule_key_deletion(KeyId=values["id"], PendingWindowInDays=7)


class LogGroup(Resource):
    NAME = "cloudwatch_log_group"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        either("name", requires_replace=True),
        either("name_prefix", requires_replace=True),
        optional("retention_in_days", NUMBER),
        optional("kms_key_id"),
        optional("skip_destroy", BOOL),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        name = named(values)
        self.client("logs").create_log_group(logGroupName=name)
        self.change({**values, "name": name})
        return {"id": name, "name": name, "name_prefix": ""}

    def change(self, values: Values) -> None:
        if values["retention_in_days"]:
            self.client("logs").put_retention_policy(
                logGroupName=values["name"], retentionInDays=values["retention_in_days"]
            )

    def found(self, values: Values) -> dict[str, Any] | None:
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=values["name"])["logGroups"]
        for group in groups:
            if group["logGroupName"] == values["name"]:
                return {"arn": group["arn"].removesuffix(":*"), "retention_in_days": group.get("retentionInDays")}
        return None

    def remove(self, values: Values) -> None:
        if not values["skip_destroy"]:
            self.client("logs").delete_log_group(logGroupName=values["name"])


class Repository(Resource):
    NAME = "ecr_repository"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        required("name", requires_replace=True),
        computed("repository_url"),
        computed("registry_id"),
        optional("image_tag_mutability"),
        optional("force_delete", BOOL),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        self.client("ecr").create_repository(repositoryName=values["name"])
        return {"id": values["name"]}

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = there(lambda: self.client("ecr").describe_repositories(repositoryNames=[values["name"]]))
        if answer is None:
            return None
        found = answer["repositories"][0]
        return {
            "arn": found["repositoryArn"],
            "repository_url": found["repositoryUri"],
            "registry_id": found["registryId"],
        }

    def remove(self, values: Values) -> None:
        self.client("ecr").delete_repository(repositoryName=values["name"], force=True)


class RepositoryPolicy(Resource):
    NAME = "ecr_repository_policy"
    ATTRIBUTES = (
        computed("id"),
        computed("registry_id"),
        required("repository", requires_replace=True),
        required("policy", JSON),
    )

    def make(self, values: Values) -> dict[str, Any]:
        policy = json.dumps(values["policy"])
        self.client("ecr").set_repository_policy(repositoryName=values["repository"], policyText=policy)
        return {"id": values["repository"], "registry_id": self.account.id}

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = there(lambda: self.client("ecr").get_repository_policy(repositoryName=values["repository"]))
        return answer and {"policy": json.loads(answer["policyText"])}

    def remove(self, values: Values) -> None:
        self.client("ecr").delete_repository_policy(repositoryName=values["repository"])


class Bucket(Resource):
    NAME = "s3_bucket"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        either("bucket", requires_replace=True),
        optional("force_destroy", BOOL),
        optional("tags", MAP),
    )

    def make(self, values: Values) -> dict[str, Any]:
        self.client("s3").create_bucket(Bucket=values["bucket"])
        return {"id": values["bucket"]}

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = there(lambda: self.client("s3").head_bucket(Bucket=values["id"]))
        return answer and {"arn": f"arn:aws:s3:::{values['id']}", "bucket": values["id"]}

    def remove(self, values: Values) -> None:
        self.client("s3").delete_bucket(Bucket=values["id"])


class Table(Resource):
    NAME = "dynamodb_table"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        required("name", requires_replace=True),
        optional("billing_mode"),
        required("hash_key", requires_replace=True),
        optional("range_key", requires_replace=True),
        optional("tags", MAP),
    )
    BLOCKS = (Blocks("attribute", required("name"), required("type"), ordered=False),)

    def make(self, values: Values) -> dict[str, Any]:
        keys = [("HASH", values["hash_key"]), ("RANGE", values["range_key"])]
        self.client("dynamodb").create_table(
            TableName=values["name"],
            BillingMode=values["billing_mode"] or "PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": one["name"], "AttributeType": one["type"]} for one in values["attribute"]
            ],
            KeySchema=[{"AttributeName": name, "KeyType": type_} for type_, name in keys if name],
        )
        return {"id": values["name"]}

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = there(lambda: self.client("dynamodb").describe_table(TableName=values["id"]))
        return answer and {"arn": answer["Table"]["TableArn"]}

    def remove(self, values: Values) -> None:
        self.client("dynamodb").delete_table(TableName=values["id"])


class Cluster(Resource):
    NAME = "ecs_cluster"
    ATTRIBUTES = (computed("id"), computed("arn"), required("name", requires_replace=True), optional("tags", MAP))

    def make(self, values: Values) -> dict[str, Any]:
        arn = self.client("ecs").create_cluster(clusterName=values["name"])["cluster"]["clusterArn"]
        return {"id": arn, "arn": arn}

    def found(self, values: Values) -> dict[str, Any] | None:
        clusters = self.client("ecs").describe_clusters(clusters=[values["id"]])["clusters"]
        return {} if clusters and clusters[0]["status"] == "ACTIVE" else None

    def remove(self, values: Values) -> None:
        self.client("ecs").delete_cluster(cluster=values["id"])


REGISTERED = {
    "family": "family",
    "cpu": "cpu",
    "memory": "memory",
    "execution_role_arn": "executionRoleArn",
    "task_role_arn": "taskRoleArn",
    "network_mode": "networkMode",
    "requires_compatibilities": "requiresCompatibilities",
}


class TaskDefinition(Resource):
    NAME = "ecs_task_definition"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        computed("arn_without_revision"),
        computed("revision", NUMBER),
        required("family", requires_replace=True),
        optional("region", requires_replace=True),
        required("container_definitions", JSON, requires_replace=True),
        optional("cpu", requires_replace=True),
        optional("memory", requires_replace=True),
        optional("execution_role_arn", requires_replace=True),
        optional("task_role_arn", requires_replace=True),
        either("network_mode", requires_replace=True),
        optional("requires_compatibilities", TEXTS, requires_replace=True),
        optional("pid_mode", requires_replace=True),
        optional("ipc_mode", requires_replace=True),
        optional("skip_destroy", BOOL),
        optional("tags", MAP),
    )
    BLOCKS = (
        Blocks(
            "volume",
            required("name"),
            optional("host_path"),
            within=(
                Blocks(
                    "efs_volume_configuration",
                    required("file_system_id"),
                    optional("root_directory"),
                    optional("transit_encryption"),
                    within=(Blocks("authorization_config", optional("access_point_id"), optional("iam")),),
                ),
            ),
            ordered=False,
        ),
        Blocks("runtime_platform", optional("operating_system_family"), optional("cpu_architecture")),
        Blocks("ephemeral_storage", required("size_in_gib", NUMBER)),
    )

    def make(self, values: Values) -> dict[str, Any]:
        told = {member: values[name] for name, member in REGISTERED.items() if values[name]}
        registered = self.client_for(values, "ecs").register_task_definition(
            containerDefinitions=values["container_definitions"],
            volumes=[{"name": volume["name"]} for volume in values["volume"]],
            **told,
        )["taskDefinition"]
        arn = registered["taskDefinitionArn"]
        return {
            "id": values["family"],
            "arn": arn,
            "arn_without_revision": arn.rpartition(":")[0],
            "revision": registered["revision"],
            "network_mode": registered["networkMode"],
        }

    def change(self, values: Values) -> None:
        """A revision never changes."""

    def found(self, values: Values) -> dict[str, Any] | None:
        answer = self.client_for(values, "ecs").describe_task_definition(taskDefinition=values["arn"])["taskDefinition"]
        return {} if answer["status"] == "ACTIVE" else None

    def remove(self, values: Values) -> None:
        self.client_for(values, "ecs").deregister_task_definition(taskDefinition=values["arn"])


RESOURCES = [
    Role,
    RolePolicy,
    Attachment,
    Policy,
    Secret,
    SecretVersion,
    Parameter,
    Key,
    LogGroup,
    Repository,
    RepositoryPolicy,
    Bucket,
    Table,
    Cluster,
    TaskDefinition,
]
