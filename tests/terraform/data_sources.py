"""The types of data sources that the stand-in provider has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tf.types import Bool, List, Map

from tests.terraform import resources
from tests.terraform.kinds import TEXT, TEXTS, Blocks, DataSource, Opaque, computed, either, optional, required
from tests.terraform.resources import there

Values = Mapping[str, Any]


class CallerIdentity(DataSource):
    NAME = "caller_identity"
    ATTRIBUTES = (computed("id"), computed("account_id"), computed("arn"), computed("user_id"))

    def found(self, values: Values) -> dict[str, Any]:
        who = self.client("sts").get_caller_identity()
        return {"id": who["Account"], "account_id": who["Account"], "arn": who["Arn"], "user_id": who["UserId"]}


class Region(DataSource):
    NAME = "region"
    ATTRIBUTES = (computed("id"), either("name"), either("region"), computed("description"))

    def found(self, values: Values) -> dict[str, Any]:
        return dict.fromkeys(("id", "name", "region"), values["region"] or self.account.region)


class Partition(DataSource):
    NAME = "partition"
    ATTRIBUTES = (computed("id"), computed("partition"), computed("dns_suffix"))

    def found(self, values: Values) -> dict[str, Any]:
        return {"id": "aws", "partition": "aws", "dns_suffix": "amazonaws.com"}


class Secret(DataSource):
    NAME = "secretsmanager_secret"
    ATTRIBUTES = (computed("id"), either("arn"), either("name"), computed("kms_key_id"))

    def found(self, values: Values) -> dict[str, Any] | None:
        """As findSecretByID of hashicorp/aws has it, what is scheduled for deletion is not there."""
        by = values["arn"] or values["name"]
        secret = there(lambda: self.client("secretsmanager").describe_secret(SecretId=by))
        if secret is None or "DeletedDate" in secret:
            return None
        found = {"id": secret["ARN"], "arn": secret["ARN"], "name": secret["Name"]}
        return found | {"kms_key_id": secret.get("KmsKeyId") or ""}


class SecretVersions(DataSource):
    """Its versions, not their values.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/secretsmanager/secret_versions_data_source.go
    """

    NAME = "secretsmanager_secret_versions"
    ATTRIBUTES = (
        computed("arn"),
        computed("name"),
        optional("region"),
        computed("secret_arn"),
        required("secret_id"),
        optional("include_deprecated", Bool()),
        computed(
            "versions",
            Opaque(
                '["list",["object",{"created_time":"string","last_accessed_date":"string","version_id":"string",'
                '"version_stages":["list","string"]}]]'
            ),
        ),
    )

    def found(self, values: Values) -> dict[str, Any] | None:
        """What has labels, whatever ``include_deprecated`` says; without any, AWS's provider leaves all of it null."""
        secrets, secret = self.client_for(values, "secretsmanager"), values["secret_id"]
        answer = there(lambda: secrets.list_secret_version_ids(SecretId=secret))
        if answer is None:
            return None
        versions = [
            {
                "created_time": version["CreatedDate"].isoformat(),
                "last_accessed_date": None,
                "version_id": version["VersionId"],
                "version_stages": version["VersionStages"],
            }
            for version in answer["Versions"]
            if version.get("VersionStages") and has_value(secrets, secret, version["VersionId"])
        ]
        if not versions:
            return dict.fromkeys(("arn", "name", "secret_arn", "versions"))
        return {"arn": answer["ARN"], "secret_arn": answer["ARN"], "name": answer["Name"], "versions": versions}


def has_value(secrets: Any, secret: str, version: str) -> bool:
    """Whether AWS would have the version: the emulator alone gives one to a secret that has no value."""
    try:
        return "SecretString" in secrets.get_secret_value(SecretId=secret, VersionId=version)
    except secrets.exceptions.InvalidRequestException:
        return True  # AWS still lists the versions of a secret scheduled for deletion.


def one_or_all(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else sorted(texts)


def statement(told: Values) -> dict[str, Any]:
    """A statement of a policy document as hashicorp/aws writes it."""
    conditions: dict[str, dict[str, Any]] = {}
    for each in told["condition"]:
        conditions.setdefault(each["test"], {})[each["variable"]] = one_or_all(each["values"])
    members = {
        "Sid": told["sid"] or "",
        "Effect": told["effect"] or "Allow",
        "Action": told["actions"] and one_or_all(told["actions"]),
        "Resource": told["resources"] and one_or_all(told["resources"]),
        "Principal": {each["type"]: one_or_all(each["identifiers"]) for each in told["principals"]},
        "Condition": conditions,
    }
    return {name: value for name, value in members.items() if value}


class PolicyDocument(DataSource):
    NAME = "iam_policy_document"
    ATTRIBUTES = (
        computed("id"),
        computed("json"),
        computed("minified_json"),
        optional("version"),
        optional("policy_id"),
        optional("source_policy_documents", List(TEXT)),
        optional("override_policy_documents", List(TEXT)),
    )
    BLOCKS = (
        Blocks(
            "statement",
            *(optional(name) for name in ("sid", "effect")),
            *(optional(name, TEXTS) for name in ("actions", "not_actions", "resources", "not_resources")),
            within=(
                Blocks("principals", required("type"), required("identifiers", TEXTS), ordered=False),
                Blocks(
                    "condition", required("test"), required("variable"), required("values", List(TEXT)), ordered=False
                ),
            ),
        ),
    )

    def found(self, values: Values) -> dict[str, Any]:
        document = {
            "Version": values["version"] or "2012-10-17",
            "Statement": [statement(each) for each in values["statement"]],
        }
        minified = json.dumps(document, separators=(",", ":"))
        return {"id": str(hash(minified)), "json": json.dumps(document, indent=2), "minified_json": minified}


class Repository(DataSource):
    NAME = "ecr_repository"
    ATTRIBUTES = (
        computed("id"),
        computed("arn"),
        required("name"),
        either("registry_id"),
        computed("repository_url"),
        computed("tags", Map(TEXT)),
    )

    def found(self, values: Values) -> dict[str, Any] | None:
        found = resources.Repository(self).found(values)
        return found and {**found, "id": values["name"]}


class Bucket(DataSource):
    NAME = "s3_bucket"
    ATTRIBUTES = (computed("id"), computed("arn"), required("bucket"))

    def found(self, values: Values) -> dict[str, Any] | None:
        found = resources.Bucket(self).found({"id": values["bucket"]})
        return found and {**found, "id": values["bucket"]}


DATA_SOURCES = [
    CallerIdentity,
    Region,
    Partition,
    Secret,
    SecretVersions,
    PolicyDocument,
    Repository,
    Bucket,
]
