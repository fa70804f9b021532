"""Values that look like a secret in plain text, and those that do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cfnroles.checks.plain_text import plain_text_secret
from cfnroles.need import Finding

NAME = "its name says so"
RANDOM = "its value looks random"


@pytest.mark.parametrize(
    ("name", "value", "sign"),
    [
        ("DATABASE_PASSWORD", "correct horse", NAME),
        ("dbPassword", "hunter2", NAME),
        ("API_KEY", "abc", NAME),
        ("APIKEY", "abc", NAME),
        ("CLIENT_SECRET", "abc", NAME),
        ("SLACK_BOT_TOKEN", "abc", NAME),
        ("JWT_SIGNING_KEY", "abc", NAME),
        ("SETTING", "AKIA" + "A" * 16, "its value has the form of an access key of AWS"),
        ("SETTING", "postgres://shop:hunter2@db/shop", "its value has the form of a password in a URL"),
        ("SETTING", "-----BEGIN RSA PRIVATE KEY-----\nMII", "its value has the form of a private key"),
        ("SETTING", "ghp_" + "a1B2" * 9, "its value has the form of a token of GitHub"),
        ("SETTING", "abcd/EFG/" + "a1B2" * 7 + "xyz", "its value has the form of a secret access key of AWS"),
        ("SETTING", "npm_" + "a1B2" * 9, "its value has the form of a token of npm"),
        ("SETTING", "glpat-" + "a1B2" * 5, "its value has the form of a token of GitLab"),
        ("SETTING", "AIza" + "a1B2" * 8 + "abc", "its value has the form of a key of Google"),
        ("SETTING", "kJ8sZq2LmN4pRt6vXy9bCd3fGh5jKl7w", RANDOM),
        ("PASSWORD_FILE", "postgres://shop:hunter2@db/shop", "its value has the form of a password in a URL"),
    ],
)
def test_a_secret(name: str, value: str, sign: str) -> None:
    assert plain_text_secret(name, value) == sign


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PASSWORD", ""),
        ("DATABASE_PASSWORD_FILE", "/run/secrets/db"),
        ("DATABASE_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbC1eF"),
        ("DATABASE_SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbC1eF"),
        ("SECRET_NAME", "shop/database"),
        ("COMMIT", "0123456789abcdef0123456789abcdef01234567"),
        ("FOLDER", "/Shop/production1/database/passwords/abc"),
        ("FOLDER", "shop/production1/database/passwords/abcd"),
        ("TOKEN_URL", "https://login.example.org/token"),
        ("TOKEN_EXPIRY_SECONDS", "3600"),
        ("MAX_TOKENS", "4096"),
        ("PASSWORD_REQUIRED", "true"),
        ("PUBLIC_KEY", "ssh-ed25519 AAAA"),
        ("NEXT_PUBLIC_API_KEY", "what every browser is given"),
        ("API_KEY", "${API_KEY}"),
        ("API_KEY", "<YOUR_KEY>"),
        ("API_KEY", "{{ api_key }}"),
        ("API_KEY", "changeme"),
        ("SESSION_SECRET", "no-secret"),
        ("KEYBOARD", "qwerty"),
        ("PARTITION_KEY", "id"),
        ("IMAGE", "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
        ("SERVICE", "my-quite-long-service-name-in-production-2"),
        ("ENDPOINT", "my-cache.Serverless.use1.cache.amazonaws.com"),
        ("ADDRESS", "0x5366efbf2b4fe5767fe2e78eb197aa5f5d138d88ac3333fbf3f80a1927"),
        ("REQUEST_ID", "123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_no_secret(name: str, value: str) -> None:
    assert plain_text_secret(name, value) == ""


def test_the_value_is_never_told(faults: Callable[[str], list[Finding]]) -> None:
    value = "kJ8sZq2LmN4pRt6vXy9bCd3fGh5jKl7w"
    text = f"""
        family: shop
        containerDefinitions:
          - name: web
            image: nginx:1.27
            environment:
              - name: DATABASE_PASSWORD
                value: {value}
    """
    (finding,) = faults(text)
    assert finding.check == "plain-text-secret"
    assert finding.origin.place == "container web, variable DATABASE_PASSWORD"
    assert value[:4] not in repr(finding)


FILLED_IN = {
    "a secret": ("'{{resolve:secretsmanager:shop/db:SecretString:password}}'", True),
    "a secret within a text": ("!Sub 'postgres://{{resolve:secretsmanager:shop/db}}@${Host}'", True),
    "a secret that is joined": ("!Join ['', ['{{resolve:secretsmanager:', !Ref Stored, ':SecretString:p}}']]", True),
    "the secret of an access key": ("!GetAtt Key.SecretAccessKey", True),
    "an access key": ("!Ref Key", False),
    "a secure parameter": ("'{{resolve:ssm-secure:/shop/db:1}}'", True),
    "a parameter that is no secret": ("'{{resolve:ssm:/shop/stage}}'", False),
    "a parameter with NoEcho": ("!Ref Password", True),
    "a parameter": ("!Ref Host", False),
}


@pytest.mark.parametrize(("value", "told"), FILLED_IN.values(), ids=FILLED_IN)
def test_what_cloudformation_fills_in_stands_in_plain_text(
    faults: Callable[[str], list[Finding]], value: str, told: bool
) -> None:
    text = f"""
        Parameters: {{Password: {{Type: String, NoEcho: true}}, Host: {{Type: String}}}}
        Resources:
          Stored: {{Type: "AWS::SecretsManager::Secret"}}
          Key: {{Type: "AWS::IAM::AccessKey", Properties: {{UserName: mail}}}}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              RequiresCompatibilities: [EC2]
              ContainerDefinitions:
                - Name: web
                  Image: nginx:1.27
                  Environment:
                    - Name: DATABASE_URL
                      Value: {value}
    """
    assert [finding.check for finding in faults(text)] == ["plain-text-secret"] * told
