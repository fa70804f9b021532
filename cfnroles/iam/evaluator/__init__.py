"""A pure evaluator of identity-based policies that never guesses.

    policies = [parse_policy("AppSecrets", document)]
    request = Request(
        principal=Principal("arn:aws:iam::111122223333:role/web"),
        action="secretsmanager:GetSecretValue",
        resource=some("arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-??????"),
        context=Context.of({"aws:RequestedRegion": "eu-west-1"}, absent=["aws:SourceVpce"]),
    )
    print(evaluate(request, policies))      # allowed by AppSecrets.Statement[0] (ReadDatabaseSecret)

The result is an `Evaluation`: allowed, explicitly denied, implicitly denied, or unknown, with the statements
that decide. A condition on a key that is neither in the context nor known to be absent is unknown, and so is
everything that depends on it, under the name of the key.

Built from the IAM User Guide; each rule links its page.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html
"""

from cfnroles.iam.evaluator.evaluation import (
    Decision,
    Evaluation,
    UnknownStatement,
    evaluate,
    names_action,
    statement_applies,
)
from cfnroles.iam.evaluator.policy import (
    WHOLE_POLICY,
    Effect,
    IdentityPolicy,
    PolicyStatement,
    StatementId,
    effects_of,
    parse_policy,
    read_policy,
    unread_policy,
)
from cfnroles.iam.evaluator.request import Context, Principal, PrincipalType, Request
from cfnroles.iam.patterns import some

__all__ = [
    "WHOLE_POLICY",
    "Context",
    "Decision",
    "Effect",
    "Evaluation",
    "IdentityPolicy",
    "PolicyStatement",
    "Principal",
    "PrincipalType",
    "Request",
    "StatementId",
    "UnknownStatement",
    "effects_of",
    "evaluate",
    "names_action",
    "parse_policy",
    "read_policy",
    "some",
    "statement_applies",
    "unread_policy",
]
