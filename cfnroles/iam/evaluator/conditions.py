"""The conditions of a statement, and their evaluation in a request context.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from cfnroles.iam.evaluator.operators import OPERATORS, Operator
from cfnroles.iam.evaluator.request import Context
from cfnroles.iam.evaluator.variables import variables_of
from cfnroles.iam.truth import Truth, Unknown, all_of, any_of, negate, unknown

_BY_NAME = {operator.name.lower(): operator for operator in OPERATORS}
_NULL = "null"
_IF_EXISTS = "ifexists"


class Qualifier(StrEnum):
    """How several values of a key in the request are combined."""

    NONE = ""
    FOR_ALL_VALUES = "ForAllValues"
    FOR_ANY_VALUE = "ForAnyValue"


class PolicyCondition(Struct, frozen=True):
    """One operator and one key of a Condition element, with the values in the policy.

    ``operator`` is None for Null. ``variables`` says whether the values may contain policy variables.
    """

    operator: Operator | None
    key: str
    values: tuple[str, ...]
    qualifier: Qualifier = Qualifier.NONE
    if_exists: bool = False
    variables: bool = True

    def met(self, context: Context) -> Truth:
        """Return whether *context* meets the condition.

        Several values of the policy are alternatives, or all excluded if the operator is negated. A key
        without a value meets only a negated operator, IfExists and ForAllValues; for ForAnyValue with
        IfExists it is unknown. A key with several values and no qualifier is unknown: AWS only says that such keys
        require one.
        """
        actual = context.lookup(self.key)
        if self.operator is None:
            return _null(self, actual)
        if isinstance(actual, Unknown):
            return actual
        if self.qualifier is Qualifier.FOR_ALL_VALUES and not any(actual):
            # "or if the context key value resolves to a null dataset, such as an empty string"
            return True
        if not actual and self.if_exists and self.qualifier is Qualifier.FOR_ANY_VALUE:
            # AWS's pages say both: IfExists "evaluate[s] the condition element as true", and ForAnyValue "returns
            # false" if the key does not exist. A published measurement says denied.
            return unknown(self.key)
        if not actual:
            lenient = self.operator.negated and self.qualifier is not Qualifier.FOR_ANY_VALUE
            return self.if_exists or lenient
        if self.qualifier is Qualifier.NONE and len(actual) > 1:
            return unknown(self.key)
        together = any_of if self.qualifier is Qualifier.FOR_ANY_VALUE else all_of
        return together(_met_by(self.operator, self, value, context) for value in actual)


def operator_named(name: str) -> tuple[Qualifier, Operator | None, bool] | None:
    """Return the qualifier, operator (None for Null) and IfExists of *name*; None for an unknown operator.

    Null has no IfExists: "You can add IfExists to the end of any condition operator name except the Null
    condition".
    """
    prefix, colon, rest = name.rpartition(":")
    qualifier = next((each for each in Qualifier if each.lower() == prefix.lower()), None)
    if qualifier is None or (colon and not prefix):
        return None
    rest = rest.lower()
    if rest == _NULL:
        return qualifier, None, False
    operator = _BY_NAME.get(rest.removesuffix(_IF_EXISTS))
    return None if operator is None else (qualifier, operator, rest.endswith(_IF_EXISTS))


def _met_by(operator: Operator, condition: PolicyCondition, actual: str, context: Context) -> Truth:
    matched = any_of(
        operator.match(wanted, actual, condition.key, context, variables=condition.variables)
        for wanted in condition.values
    )
    return negate(matched) if operator.negated else matched


def _null(condition: PolicyCondition, actual: tuple[str, ...] | Unknown) -> Truth:
    # "When you use the Null condition operator with ForAllValues, the statement always returns true. When
    # you use the Null condition operator with ForAnyValue, the statement always returns false."
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    if condition.qualifier:
        return condition.qualifier is Qualifier.FOR_ALL_VALUES
    wanted = {value.lower() for value in condition.values}
    if wanted == {"true", "false"}:
        return True
    references = [key for value in condition.values if condition.variables for key in variables_of(value)]
    if references:
        return unknown(*references)
    return actual if isinstance(actual, Unknown) else ("false" if any(actual) else "true") in wanted
