"""Secrets, parameters, keys, configuration, discovery and telemetry."""

from __future__ import annotations

from awacs import appconfig, cloudwatch, kms, secretsmanager, servicediscovery, ssm, xray

from cfnroles.need import Condition, Standing
from cfnroles.table.feature import Found, Trap
from cfnroles.table.references import SecretReference, parse_arn, service_host
from cfnroles.table.words.resources import (
    CLOUD_MAP,
    CONFIGURATION,
    KEY,
    PARAMETER,
    PARAMETER_PATH,
    SECRET,
    is_import,
    region_of,
    resource_arn,
)
from cfnroles.table.words.row import Access, KeyUse, Row, option
from cfnroles.text import ANYTHING, Text

_KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html"


def secret(arn: Text, found: Found) -> tuple[Text, ...]:
    """The secret in a policy: by name with six single wildcards, or by its complete ARN."""
    if is_import(arn):
        return (arn,)
    reference = SecretReference(parse_arn(arn), by_name=not str(found.value).startswith("arn:"))
    return reference.policy_resources


def below(arn: Text, found: Found) -> tuple[Text, ...]:
    """The parameters below a path."""
    return (Text(arn.rstrip("/"), "/", ANYTHING),)


def through_service(found: Found) -> tuple[Condition, ...]:
    """Only through the named services."""
    region = region_of(resource_arn(KEY, found.value, found.facts), found.facts)
    hosts = tuple(sorted(service_host(service, region) for service in option(found, "via")))
    return (Condition("StringEquals", "kms:ViaService", hosts),) if hosts else ()


def in_namespace(found: Found) -> tuple[Condition, ...]:
    """Only metrics of one namespace."""
    return (Condition("StringEquals", "cloudwatch:namespace", (found.text,)),)


def half_named(found: Found) -> Trap | None:
    """A namespace without a service, or the reverse: AWS requires both to discover instances.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudmap.html
    """
    named = [value for _, value in found.workload.find("grants[].cloud-map-discover[]")]
    kinds = {kind for value in named for kind in ("ns", "srv") if f"/{kind}-" in f"/{value}"}
    # An import may be either, and a warning about all names is given once.
    if len(kinds) != 1 or not all(isinstance(value, str) for value in named) or found.value != named[0]:
        return None
    there, missing = ("namespace", "service") if "ns" in kinds else ("service", "namespace")
    return Trap(
        f"a {there} of Cloud Map is named but no {missing}, and AWS checks both when an application discovers"
        f" instances",
        f"Add the {missing}.",
    )


ROWS = (
    Row(
        "secret-read",
        "reads a secret at run time",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
        Standing.DOCUMENTED,
        "shop/stripe",
        (Access((secretsmanager.DescribeSecret, secretsmanager.GetSecretValue), secret),),
        SECRET,
        (),
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        KeyUse((kms.Decrypt,), "secretsmanager", Standing.DOCUMENTED, "SecretARN", secret),
    ),
    Row(
        "parameter-read",
        "reads a parameter at run time",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html",
        Standing.DOCUMENTED,
        "/shop/limits",
        (Access((ssm.GetParameter, ssm.GetParameters)),),
        PARAMETER,
        (),
        KeyUse((kms.Decrypt,), "ssm", Standing.DOCUMENTED, "PARAMETER_ARN"),
    ),
    Row(
        "parameter-read-path",
        "reads all parameters below a path at run time; use the path of the request",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-retrieval-authorization.html",
        Standing.DOCUMENTED,
        "/shop/production",
        (Access((ssm.GetParametersByPath,)),),
        PARAMETER_PATH,
        (),
        KeyUse((kms.Decrypt,), "ssm", Standing.DOCUMENTED, "PARAMETER_ARN", below),
    ),
    Row(
        "kms-encrypt",
        "encrypts with a key",
        _KMS,
        Standing.DOCUMENTED,
        _KEY_ARN,
        (Access((kms.Encrypt, kms.GenerateDataKey), conditions=through_service),),
        KEY,
        ("via",),
    ),
    Row(
        "kms-decrypt",
        "decrypts with a key",
        _KMS,
        Standing.DOCUMENTED,
        _KEY_ARN,
        (Access((kms.Decrypt,), conditions=through_service),),
        KEY,
        ("via",),
    ),
    Row(
        "appconfig-read",
        "reads its configuration from AppConfig",
        "https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-containers-agent.html",
        Standing.DOCUMENTED,
        "ab12cd3/ef45gh6/ij78kl9",
        (Access((appconfig.GetLatestConfiguration, appconfig.StartConfigurationSession)),),
        CONFIGURATION,
    ),
    Row(
        "cloud-map-discover",
        "discovers instances; name the namespace and the service",
        "https://docs.aws.amazon.com/cloud-map/latest/dg/security_iam_id-based-policy-examples.html",
        Standing.UNPROVEN,
        ["ns-e4anhexample0004", "srv-e4anhexample0004"],
        (Access((servicediscovery.DiscoverInstances, servicediscovery.DiscoverInstancesRevision)),),
        CLOUD_MAP,
        doubt="that naming both is enough; AWS's page allows the actions on * only",
        trap=half_named,
    ),
    Row(
        "xray",
        "sends traces to X-Ray and reads sampling rules",
        "https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html",
        Standing.DOCUMENTED,
        True,
        (
            Access(
                (
                    xray.GetSamplingRules,
                    xray.GetSamplingStatisticSummaries,
                    xray.GetSamplingTargets,
                    xray.PutTelemetryRecords,
                    xray.PutTraceSegments,
                ),
                None,
            ),
        ),
    ),
    Row(
        "cloudwatch-metrics",
        "publishes metrics in one namespace",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html",
        Standing.DOCUMENTED,
        "Shop",
        (Access((cloudwatch.PutMetricData,), None, in_namespace),),
        text="the namespace of metrics",
    ),
)
