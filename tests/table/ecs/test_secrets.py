"""Secrets and parameters: the exact grant, and the traps on the way."""

from __future__ import annotations

from typing import Any

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter"


def secret(value: str) -> dict[str, Any]:
    return {"secrets": [{"name": "A", "valueFrom": value}]}


def test_a_parameter_that_may_be_a_secret_needs_both_permissions(answer: Any) -> None:
    needs = answer(secret("/aws/reference/secretsmanager/shop/db")).needs
    assert f"execution role: ssm:GetParameters on {PARAMETER}/aws/reference/secretsmanager/shop/db" in needs
    assert f"execution role: secretsmanager:GetSecretValue on {SECRET}:shop/db-??????" in needs


def test_a_plain_parameter_costs_no_secret(answer: Any) -> None:
    assert not any("GetSecretValue" in need for need in answer(secret("/aws/service/x")).needs)


def test_a_name_with_a_slash_inside_is_likely_a_secrets(answer: Any) -> None:
    assert "is read as the name of a parameter" in answer(secret("shop/db")).warnings[0]
    assert answer(secret("/shop/db")).warnings == []


def test_a_word_that_looks_like_a_suffix_is_a_trap(answer: Any) -> None:
    found = answer(secret(f"{SECRET}:shop-secret"))
    assert "ends in a hyphen and six characters" in found.warnings[0]
    assert f"execution role: secretsmanager:GetSecretValue on {SECRET}:shop-secret" in found.needs
    assert answer(secret(f"{SECRET}:shop-secret-AbCdEf")).warnings == []


def test_a_secret_of_another_account_needs_a_key_of_ones_own(answer: Any) -> None:
    foreign = secret("arn:aws:secretsmanager:us-east-1:210987654321:secret:db-AbCdEf")
    assert "belongs to another account" in answer(foreign).warnings[0]
    assert answer(foreign, facts={"kms_key_arns": ("arn:aws:kms:us-east-1:210987654321:key/1",)}).warnings == []


def test_a_version_named_twice_is_a_trap(answer: Any) -> None:
    assert "version stage and a version id" in answer(secret(f"{SECRET}:db-AbCdEf:k:AWSCURRENT:123")).warnings[0]


def test_log_options_and_the_service_connect_proxy_read_secrets_too(answer: Any) -> None:
    options = [{"name": "token", "valueFrom": f"{SECRET}:token-AbCdEf"}]
    grant = f"execution role: secretsmanager:GetSecretValue on {SECRET}:token-AbCdEf"
    logs = {"logDriver": "splunk", "secretOptions": options}
    assert grant in answer({"logConfiguration": logs}).needs
    assert grant in answer(service={"serviceConnectConfiguration": {"logConfiguration": logs}}).needs


def test_a_placeholder_for_the_whole_reference_may_be_a_secret_or_a_parameter(answer: Any) -> None:
    found = answer(secret("${SECRET_ARN}"))
    assert found.gaps == []
    assert found.needs == {
        "execution role: secretsmanager:GetSecretValue on"
        " arn:${AWS::Partition}:secretsmanager:${SecretArn[region]}:${SecretArn[account]}:secret:${SecretArn[name]}",
        "execution role: ssm:GetParameters on"
        " arn:${AWS::Partition}:ssm:${SecretArn[region]}:${AWS::AccountId}:${SecretArn[resource]}",
        *(each for each in found.needs if "kms:Decrypt" in each),
    }


def test_the_domainless_secret_is_asked_for(answer: Any) -> None:
    spec = {"credentialSpecs": ["credentialspecdomainless:arn:aws:s3:::config/web.json"]}
    found = answer(spec)
    assert "execution role: s3:GetObject on arn:aws:s3:::config/web.json" in found.needs
    assert "--gmsa-secret" in found.gaps[0]
    told = answer(spec, facts={"domainless_secret_arns": (f"{SECRET}:ad-AbCdEf",)})
    assert told.gaps == []
    assert f"execution role: secretsmanager:GetSecretValue on {SECRET}:ad-AbCdEf" in told.needs


def test_a_credential_spec_may_be_a_parameter_or_a_file_of_the_instance(answer: Any) -> None:
    found = answer({"dockerSecurityOptions": [f"credentialspec:{PARAMETER}/spec", "no-new-privileges"]})
    assert found.needs == {f"execution role: ssm:GetParameters on {PARAMETER}/spec"}
    assert answer({"credentialSpecs": ["credentialspec:file://x.json"]}).needs == set()
    assert answer({"credentialSpecs": ["credentialspec:arn:aws:iam::1:role/x"]}).errors


def test_directory_credentials_of_fsx_are_a_secret_or_a_parameter(answer: Any) -> None:
    def volume(credentials: str) -> list[dict[str, Any]]:
        authorization = {"credentialsParameter": credentials, "domain": "example.com"}
        return [{"name": "x", "fsxWindowsFileServerVolumeConfiguration": {"authorizationConfig": authorization}}]

    assert "execution role: fsx:DescribeFileSystems on *" in answer(volumes=volume(f"{SECRET}:ad-AbCdEf")).needs
    parameter = answer(volumes=volume(f"{PARAMETER}/ad"))
    assert f"execution role: ssm:GetParameters on {PARAMETER}/ad" in parameter.needs
    assert not any("kms" in need for need in parameter.needs), "ECS reads this parameter without decrypting it"
