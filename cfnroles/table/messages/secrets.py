"""Secrets, parameters and keys that return an error other than a denial in IAM's words."""

from __future__ import annotations

from cfnroles.table.message import ANY, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_SECRETS = f"{_GUIDE}/secrets-envvar-secrets-manager.html"
_PARAMETERS = f"{_GUIDE}/secrets-envvar-ssm-paramstore.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html"
_FIELDS = (
    "containerDefinitions[].secrets[].valueFrom",
    "containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
    "containerDefinitions[].repositoryCredentials.credentialsParameter",
)
_CHECK = "cfnroles check SOURCE"
_GET = "secretsmanager:GetSecretValue"
_PARAMETER = "ssm:GetParameters"
_NAMED_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"  # noqa: S105 - a name
_READ = "unable to retrieve secret from asm: service call has been retried 1 time(s):"
_KEY_STATE = "aws kms describe-key --key-id KEY --query KeyMetadata.KeyState"
_KEY_POLICY = PossibleCause(
    "the policy of the key does not let the role use it, or the key is in another account that does not allow the role",
    "aws kms get-key-policy --key-id KEY --policy-name default",
    "Let the role, or IAM policies of its account, use the key in the key policy",
    category=Category.KEY_POLICY,
)
_KEY_GONE = PossibleCause(
    "the key does not exist, is disabled or is scheduled for deletion",
    _KEY_STATE,
    "Encrypt the secret with another key",
    category=Category.KEY_POLICY,
)
_KEY_ROLE = PossibleCause(
    "the role lacks kms:Decrypt on the customer managed key",
    "cfnroles verify SOURCE --live --role ROLE --kms-key-arn KEY",
    "Pass --kms-key-arn to cfnroles and add what verify reports",
    lacking=True,
    category=Category.PERMISSION,
)

SYMPTOMS = (
    Symptom(
        name="secret-json-key-missing",
        words=("did not contain json key", "does not contain json key", "doesn't contain json key"),
        after=("json key ",),
        example=f"{_READ} retrieved secret from Secrets Manager did not contain json key DB_PASSWORD",
        category=Category.MISSING,
        what="the secret's JSON has no such key",
        sure=_CHECK,
        remedy="Add the key to the secret, or correct the JSON key after the ARN in valueFrom",
        source=_SECRETS,
        action=_GET,
        fields=_FIELDS,
    ),
    Symptom(
        name="secret-not-json",
        words=(
            "looking for beginning of value",
            "secret" + ANY + "invalid character",
            "unable to unmarshal secret",
            "failed to unmarshal secret",
            "secret" + ANY + "unexpected end of json input",
        ),
        example=f"{_READ} invalid character 'h' looking for beginning of value",
        category=Category.MALFORMED,
        what="the reference in valueFrom names a JSON key, but the secret is not JSON",
        sure=_CHECK,
        remedy="Remove the JSON key from valueFrom, or store JSON in the secret",
        source=_SECRETS,
        action=_GET,
        fields=_FIELDS,
    ),
    Symptom(
        name="secret-deleted",
        words=("marked for deletion", "marked deleted", "scheduled for deletion" + ANY + "secret"),
        example=f"{_READ} InvalidRequestException: You can't perform this operation on the secret because it was"
        f" marked for deletion.",
        category=Category.MISSING,
        what="the secret is scheduled for deletion and cannot be read until you restore it",
        sure="aws secretsmanager describe-secret --secret-id SECRET --query DeletedDate",
        remedy="aws secretsmanager restore-secret --secret-id SECRET",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_restore-secret.html",
        action=_GET,
        fields=_FIELDS,
    ),
    Symptom(
        name="secret-without-value",
        words=(
            "can't find the specified secret value for staging label",
            "cannot find the specified secret value for",
            'version "awscurrent" not found',
        ),
        example=f"{_READ} ResourceNotFoundException: Secrets Manager can't find the specified secret value for"
        f" staging label: AWSCURRENT",
        category=Category.MISSING,
        what="the secret exists but has no value for that version or label",
        sure=_CHECK,
        remedy="Store a value in the secret, or correct the version in valueFrom",
        source=_SECRETS,
        action=_GET,
        fields=_FIELDS,
    ),
    Symptom(
        name="secret-not-found",
        words=(
            "can't find the specified secret",
            "cannot find the specified secret",
            "secretsmanager" + ANY + "resourcenotfoundexception",
            "retrieve the secret with arn" + ANY + "check whether the secret exists",
        ),
        example=f"{_READ} failed to fetch secret {_NAMED_SECRET} from secrets manager: ResourceNotFoundException:"
        f" Secrets Manager"
        " can't find the specified secret.",
        category=Category.MISSING,
        what="Secrets Manager has no such secret in that account and Region",
        sure=_CHECK,
        remedy="Create the secret, or correct its name, Region or account in valueFrom",
        source=_SECRETS,
        action=_GET,
        fields=_FIELDS,
        causes=(
            PossibleCause(
                "the secret does not exist, or is in another Region or account",
                _CHECK,
                "Create it, or correct valueFrom",
            ),
            PossibleCause(
                "the name ends in a hyphen and six characters, and Secrets Manager read it as a complete ARN",
                "aws secretsmanager describe-secret --secret-id SECRET --query ARN",
                "Write the complete ARN, with the six characters that Secrets Manager added",
            ),
        ),
    ),
    Symptom(
        name="secret-of-another-account",
        words=("access a secret from a different aws account", "default kms service key"),
        example="InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the"
        " secret with the"
        " default KMS service key.",
        category=Category.KEY_POLICY,
        what="the secret is in another account and encrypted with aws/secretsmanager, which no other account can use",
        sure="aws secretsmanager describe-secret --secret-id SECRET --query KmsKeyId",
        remedy="Encrypt the secret with a customer managed key, and allow this account in the policies of the key and"
        " the secret. A statement in the role does not help",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html",
        action=_GET,
        fields=_FIELDS,
    ),
    Symptom(
        name="key-access-not-allowed",
        words=("access to kms is not allowed",),
        example=f"{_READ} AccessDeniedException: Access to KMS is not allowed",
        category=Category.KEY_POLICY,
        what="the role can read the secret but cannot use the key that encrypts it",
        sure="aws secretsmanager describe-secret --secret-id SECRET --query KmsKeyId",
        remedy="Find out which cause applies before you change the role",
        source=_KMS,
        action="kms:Decrypt",
        fields=_FIELDS,
        causes=(_KEY_POLICY, _KEY_ROLE),
    ),
    Symptom(
        name="key-unusable",
        words=("refers to a customer master key that does not exist", "ciphertext refers to a customer"),
        example=f"{_READ} AccessDeniedException: The ciphertext refers to a customer master key that does not exist,"
        f" does not exist"
        " in this region, or you are not allowed to access.",
        category=Category.PERMISSION,
        what="the key behind the secret or parameter cannot be used; AWS does not say whether it exists",
        sure=_KEY_STATE,
        remedy="Find out which cause applies before you change the role",
        source=_KMS,
        action="kms:Decrypt",
        fields=_FIELDS,
        causes=(_KEY_ROLE, _KEY_POLICY, _KEY_GONE),
    ),
    Symptom(
        name="key-disabled",
        words=(
            "kmsinvalidstate",
            "is pending deletion",
            "kms key is disabled",
            "disabledexception",
            "kms" + ANY + "is disabled",
            "decryptionfailure",
            "can't decrypt the protected secret",
        ),
        example="KMSInvalidStateException:"
        " arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab is pending deletion.",
        category=Category.KEY_POLICY,
        what="the key behind the secret or parameter is disabled or is scheduled for deletion",
        sure=_KEY_STATE,
        remedy="Run `aws kms cancel-key-deletion --key-id KEY` or `aws kms enable-key --key-id KEY`, or encrypt with"
        " another key. A statement in the role does not help",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html",
        action="kms:Decrypt",
        fields=_FIELDS,
    ),
    Symptom(
        name="parameter-name-invalid",
        words=("parameter name specified for secret" + ANY + "is invalid", "invalid parameter name"),
        example="The Systems Manager parameter name specified for secret DB_PASSWORD is invalid. The parameter name"
        " can be up to 2048 characters",
        category=Category.MALFORMED,
        what="ECS read valueFrom as the name of a parameter, but it is not valid: a JSON key after a secret's name"
        " requires the ARN of the secret",
        sure="Check valueFrom: name a secret by its ARN, a parameter by its name or ARN",
        remedy="Write the ARN of the secret in valueFrom",
        source=_SECRETS,
        after=("specified for secret ",),
        fields=_FIELDS,
    ),
    Symptom(
        name="parameter-not-found",
        words=(
            "invalid ssm parameters",
            "invalid parameters:",
            "parameternotfound",
            "parameter not found",
            "parameters not found",
        ),
        after=("invalid ssm parameters: ", "invalid parameters: "),
        example="Fetching secret data from SSM Parameter Store in us-east-1: invalid parameters: /shop/db-password",
        category=Category.MISSING,
        what="Parameter Store has no such parameter in that account and Region",
        sure=_CHECK,
        remedy="Create the parameter, or correct its name or Region in valueFrom",
        source=_PARAMETERS,
        action=_PARAMETER,
        fields=_FIELDS,
    ),
    Symptom(
        name="secret-reference-malformed",
        words=(
            "unexpected arn format with parameters",
            "unexpected arn format",
            "invalid arn",
            "arn: invalid prefix",
            "arn: not enough sections",
            "trying to retrieve asm secret",
            "unable to parse arn",
            "invalid name. must be a valid name",
            "minimum field size",
            "can't be prefixed with",
        ),
        example=f"{_READ} unexpected ARN format with parameters when trying to retrieve ASM secret",
        category=Category.MALFORMED,
        what="a reference in the task definition is not in a form that ECS accepts",
        sure="cfnroles lint SOURCE",
        remedy="Write arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX, followed by :KEY:STAGE:VERSION"
        " if you need a part of the secret",
        source=_SECRETS,
        fields=_FIELDS,
    ),
    Symptom(
        name="secret-request-malformed",
        words=("validationexception", "invalidparameter", "validation error"),
        during=("secret", "parameter", "registry-credentials"),
        example=f"{_READ} InvalidParameterException: Invalid auth secret",
        category=Category.MALFORMED,
        what="AWS does not recognize the reference as a secret or parameter",
        sure="cfnroles lint SOURCE",
        remedy="Correct valueFrom, or the part that the message names",
        source=_SECRETS,
        fields=_FIELDS,
    ),
)
