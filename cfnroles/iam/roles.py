"""Roles as people have them: in a template, as a policy's JSON, or in what IAM answers about an account.

Texts of policies are held in the spelling of ``Fn::Sub``: ``${AWS::AccountId}`` is a part that nobody told, and a
policy variable such as ``${aws:username}`` is written ``${!aws:username}``. ``evaluable`` makes policies of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.facts import partition_of
from cfnroles.iam.authorization_details import check_details
from cfnroles.iam.evaluator import IdentityPolicy, parse_policy
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.iam.stack_roles import PolicySource, RoleResource, StackRoles
from cfnroles.iam.statements import Part, PlacedStatement, document_of, statements
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import literal, plain, symbols, undecided
from cfnroles.template.template import Template, read_template
from cfnroles.template.worlds import Literal

_ROLE_FORMS = (
    "A role is a CloudFormation template (FILE:LogicalId), a policy document in JSON, or the output of"
    " `aws iam get-account-authorization-details` (FILE:RoleName)."
)


class RolePolicy(Struct, frozen=True):
    """One policy of a role. ``where`` tells where its document was read, ``lines`` the line of each statement there."""

    name: str
    document: Mapping[str, Any]
    where: str = ""
    lines: tuple[int, ...] = ()


class Unread(Struct, frozen=True):
    """A policy that the role has and that could not be read; ``remedy`` says how it can be."""

    name: str
    why: str
    remedy: str


class Role(Struct, frozen=True):
    """A role with its permissions. ``trust`` and ``boundary`` are ``None`` where nothing was told or there is none.

    ``parameters`` are the template's, which the caller may give values.
    """

    name: str
    policies: tuple[RolePolicy, ...]
    unread: tuple[Unread, ...] = ()
    trust: Mapping[str, Any] | Unread | None = None
    boundary: RolePolicy | Unread | None = None
    arn: str = ""
    parameters: tuple[str, ...] = ()


def read_role(text: str, document: str, name: str = "", given: Given = NOTHING_GIVEN) -> Role:
    """The role in a text; ``name`` is its logical id in a template, or its name in IAM's answer.

    Raises InvalidInput where the text holds no such role, several and none is named, or a broken policy document.
    """
    data = parse(text, document)
    if isinstance(data, Mapping):
        if "Resources" in data:
            return template_role(read_template(text, document), name, given)
        if given.parameters:
            raise InvalidInput("has no parameters, because it is no template", where=document)
        if "RoleDetailList" in data:
            return _listed_role(data, document, name)
        for policy in (data, data.get("PolicyDocument"), _mapping(data.get("PolicyVersion")).get("Document")):
            if isinstance(policy, Mapping) and "Statement" in policy:
                parse_policy(document, policy)
                return Role(document, (RolePolicy(document, _literal(policy), document),))
    raise InvalidInput("holds no role", where=document, remedy=_ROLE_FORMS)


def template_role(template: Template, name: str = "", given: Given = NOTHING_GIVEN) -> Role:
    """The role with the logical id ``name`` in a template, with every policy that the template gives it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
    """
    unknown = sorted(set(given.parameters) - set(template.parameters))
    if unknown:
        has = ", ".join(template.parameters) or "none"
        raise InvalidInput(f"has no parameter {unknown[0]}", where=template.document, why=f"Its parameters: {has}.")
    roles = StackRoles(template.resolve(given)).roles
    return stack_role(_chosen(roles, name, template.document), template, partition_of(given.region))


def stack_role(found: RoleResource, template: Template, partition: str = "") -> Role:
    """The role of a resolved template with every policy of it; what hangs on a condition is unread."""
    read = _Reader(template, partition, found.trust.guards)
    policies = [*map(read.policy, found.policies), *map(_perhaps, found.perhaps)]
    boundaries = [read.policy(each) for each in found.boundaries if each.arn and each.arn.value]
    return Role(
        f"{found.logical_id} of {template.document}",
        _renamed(policy for policy in policies if isinstance(policy, RolePolicy)),
        tuple(dict.fromkeys(policy for policy in policies if isinstance(policy, Unread))),
        read.trust(found.trust),
        next((each for each in boundaries if isinstance(each, Unread)), next(iter(boundaries), None)),
        parameters=template.parameters,
    )


def detailed_role(detail: Mapping[str, Any], policies: Iterable[Mapping[str, Any]] = (), where: str = "IAM") -> Role:
    """The role in one element of ``RoleDetailList``; ``policies`` are those of the same answer.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html
    """
    documents = {str(policy.get("Arn")): _default_version(policy) for policy in policies}
    found: list[RolePolicy | Unread] = [
        _read(str(policy.get("PolicyName")), _literal(_mapping(document_of(policy.get("PolicyDocument")))), where)
        for policy in detail.get("RolePolicyList", ())
    ]
    found += [_managed(str(p.get("PolicyArn")), documents, where) for p in detail.get("AttachedManagedPolicies", ())]
    boundary = _mapping(detail.get("PermissionsBoundary")).get("PermissionsBoundaryArn")
    return Role(
        str(detail.get("RoleName", "")),
        _renamed(policy for policy in found if isinstance(policy, RolePolicy)),
        tuple(policy for policy in found if isinstance(policy, Unread)),
        _literal(_mapping(document_of(detail.get("AssumeRolePolicyDocument")))) or None,
        _managed(str(boundary), documents, where) if boundary else None,
        str(detail.get("Arn", "")),
    )


class _Reader(Struct, frozen=True):
    """Reads the documents of a role's policies where a template has them; ``own`` are the conditions of the role."""

    template: Template
    partition: str
    own: tuple[Literal, ...]

    def policy(self, source: PolicySource) -> RolePolicy | Unread:
        """The policy, or why it cannot be read."""
        if guards := [guard for guard in source.guards if guard not in self.own]:
            return _undecided(_called(source), guards[0].condition)
        if source.document is None:
            return self._elsewhere(source)
        document = document_of(source.document.value)
        if not isinstance(document, Mapping):
            return Unread(source.name, "only CloudFormation can work it out", "Give the role with --live")
        where = f"{self.template.document}:{self._line(source)}"
        read = _read(source.name, document, where)
        if isinstance(read, Unread):
            return read
        statements = document.get("Statement")
        steps = [(index,) for index in range(len(statements))] if isinstance(statements, list) else [()]
        return replace(read, lines=tuple(self._line(source, "Statement", *step) for step in steps))

    def trust(self, source: PolicySource) -> Mapping[str, Any] | Unread:
        """The trust policy, empty where there is none."""
        document = _mapping(document_of(source.document.value if source.document else None))
        condition = _condition_inside(document)
        return _undecided(source.name, condition) if condition else document

    def _line(self, source: PolicySource, *steps: str | int) -> int:
        path = source.document.path if source.document else ()
        return self.template.line(source.holder.source(*path, *steps))

    def _elsewhere(self, source: PolicySource) -> RolePolicy | Unread:
        arn = source.arn.value if source.arn else None
        if not isinstance(arn, str):
            return Unread("a policy", f"a {type(arn).__name__} stands where its ARN belongs", "Mend the template")
        known = self.partition if self.partition and not self.partition.startswith("$") else "aws"
        return _managed(arn.replace("${AWS::Partition}", known), {}, self.template.document)


def _called(source: PolicySource) -> str:
    if source.document is None:
        return "a managed policy"
    return "an inline policy" if "Policies" in source.document.path else source.holder.logical_id


def _perhaps(source: PolicySource) -> Unread:
    return Unread(
        source.holder.logical_id,
        "the role that it is attached to is named by something nobody told",
        "Give the parameters with --parameter NAME=VALUE",
    )


def evaluable(policy: RolePolicy, known: Mapping[str, str] | None = None) -> IdentityPolicy:
    """The policy for the evaluator, with the values of the symbols in ``known``; ``!NAME`` there is a policy variable.

    Any other symbol becomes a variable without a known value, so that what depends on it comes out unknown under its
    name. Raises InvalidInput for a broken document.
    """
    return parse_policy(policy.name, evaluable_document(policy.document, known))


def evaluable_document(document: Mapping[str, Any], known: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The document as the evaluator reads it."""
    left: set[str] = set()
    # Policy variables, whose names begin with an exclamation mark, are variables in version 2012-10-17 only.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    variables = document.get("Version") == "2012-10-17"
    values = {name: value for name, value in (known or {}).items() if variables or not name.startswith("!")}

    def told(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        left.update(symbols(text))
        return plain(text)

    read: Mapping[str, Any] = _each_text(document, told)
    # Only version 2012-10-17 has variables, and a symbol is one to the evaluator.
    return {**read, "Version": "2012-10-17"} if left else read


def _chosen(roles: Sequence[RoleResource], name: str, document: str) -> RoleResource:
    named = [role for role in roles if name in (role.logical_id, role.resource.properties.get("RoleName")) or not name]
    if len(named) == 1:
        return named[0]
    found = ", ".join(role.logical_id for role in roles) or "none"
    raise InvalidInput(
        f"has no role {name}" if name else f"has {len(roles)} roles" if roles else "has no role",
        where=document,
        why=f"Its roles: {found}.",
        remedy=f"Name one: {document}:LogicalId." if roles else "",
    )


def _listed_role(data: Mapping[str, Any], document: str, name: str) -> Role:
    check_details(data, document)
    details = _elements(data.get("RoleDetailList"))
    named = [detail for detail in details if name in ("", detail["RoleName"], detail.get("Arn"))]
    if len(named) == 1:
        return detailed_role(named[0], _elements(data.get("Policies")), document)
    raise InvalidInput(
        f"has no role {name}" if name else f"has {len(details)} roles",
        where=document,
        remedy=f"Name one of them: {document}:RoleName.",
    )


def _managed(arn: str, documents: Mapping[str, Any], where: str) -> RolePolicy | Unread:
    name = arn.rsplit("/", 1)[-1]
    if arn in documents:
        return _read(name, _literal(_mapping(document_of(documents[arn]))), where)
    shipped = managed_policy(arn)
    if shipped is None:
        return Unread(
            name,
            f"its document is neither in {where} nor shipped with cfnroles",
            "Give the role with --live, or in the output of `aws iam get-account-authorization-details`",
        )
    return RolePolicy(
        shipped.name, _literal(shipped.document), f"AWS managed policy, {shipped.version}, as of {shipped.read}"
    )


def _read(name: str, document: Mapping[str, Any], where: str) -> RolePolicy | Unread:
    if condition := _condition_inside(document):
        return _undecided(name, condition)
    told = [each for each in statements(Part(document, ())) if isinstance(each, PlacedStatement)]
    if untold := next((text for each in told for action in each.actions for text in symbols(action.value)), ""):
        return Unread(name, f"what ${{{untold}}} in an action stands for is not known", "Give it with --parameter")
    try:
        policy = RolePolicy(name, document, where)
        evaluable(policy)
    except InvalidInput as error:
        return Unread(name, f"{error.where}: {error.what}", error.remedy.rstrip("."))
    return policy


def _undecided(name: str, condition: str) -> Unread:
    return Unread(
        name,
        f"it hangs on the template's condition {condition}, which parameters without a value decide",
        "Give the parameters with --parameter NAME=VALUE",
    )


def _condition_inside(value: Any) -> str:
    if isinstance(value, Mapping):
        if found := undecided(value):
            return found[0]
        value = list(value.values())
    return next(filter(None, map(_condition_inside, value)), "") if isinstance(value, list) else ""


def _renamed(policies: Iterable[RolePolicy]) -> tuple[RolePolicy, ...]:
    """The policies, each once, under names that differ."""
    seen: list[RolePolicy] = []
    renamed: list[RolePolicy] = []
    for policy in policies:
        if policy not in seen:
            number = sum(other.name == policy.name for other in seen) + 1
            renamed.append(replace(policy, name=f"{policy.name} ({number})") if number > 1 else policy)
            seen.append(policy)
    return tuple(renamed)


def _default_version(policy: Mapping[str, Any]) -> Any:
    versions = [version for version in policy.get("PolicyVersionList", ()) if version.get("IsDefaultVersion")]
    return versions[0].get("Document") if versions else {}


def _literal(value: Any) -> Any:
    return _each_text(value, literal)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each_text(member, change) for key, member in value.items()}
    return [_each_text(element, change) for element in value] if isinstance(value, list | tuple) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _elements(value: Any, kind: type = Mapping) -> list[Any]:
    return [element for element in value if isinstance(element, kind)] if isinstance(value, list) else []
