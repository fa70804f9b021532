"""Roles from templates, from the JSON of policies, or from an account's authorization details.

Texts of policies are in the spelling of ``Fn::Sub``: ``${AWS::AccountId}`` is an unknown part, and a policy variable
such as ``${aws:username}`` is written ``${!aws:username}``. ``evaluable`` converts them for the evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.facts import partition_of
from cfnroles.files import check_size
from cfnroles.iam.authorization_details import check_details
from cfnroles.iam.evaluator import WHOLE_POLICY, Effect, IdentityPolicy, StatementId, effects_of, read_policy
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.iam.stack_roles import (
    ATTACHED_TO,
    POLICIES,
    PolicySource,
    RoleResource,
    StackRoles,
    gives_away,
    may_make,
)
from cfnroles.iam.statements import document_of, outcomes
from cfnroles.iam.trust_policies import TRUST_POLICY, read_trust
from cfnroles.lines import refuse
from cfnroles.page import quoted
from cfnroles.spelling import hint
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import literal, plain, symbols, undecided
from cfnroles.template.template import Template, read_template
from cfnroles.template.undefined_names import undefined_names
from cfnroles.template.worlds import Literal
from cfnroles.workload import Path

_ROLE_FORMS = (
    "A role is a CloudFormation template (FILE:LogicalId), a policy document in JSON, or the output of"
    " `aws iam get-account-authorization-details` (FILE:RoleName)."
)

_LIVE = "Pass the role with --live"
#: The options for the values of pseudo parameters.
_OPTIONS = {"AWS::Region": "--region REGION", "AWS::Partition": "--region REGION", "AWS::AccountId": "--account ID"}


class Unread(Struct, frozen=True):
    """A policy of the role, or one of its statements, that could not be read. ``remedy`` says how it can be.

    ``index`` is that of the statement, ``WHOLE_POLICY`` if nothing of the policy could be read. ``where`` is its place
    in a template. ``effects`` are the possible effects of a whole policy, and ``noun`` is its relation to the role.
    """

    name: str
    why: str
    remedy: str
    where: str = ""
    index: int = WHOLE_POLICY
    effects: tuple[Effect, ...] = tuple(Effect)
    noun: str = "policy"

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        if self.index != WHOLE_POLICY:
            return self.name
        return f"the {self.name}" if self.name == TRUST_POLICY else f"the {self.noun} {self.name}"


class RolePolicy(Struct, frozen=True):
    """One policy of a role. ``where`` is the place of its document, ``lines`` has the line of each statement there.

    ``documents`` are the documents of the statements, if they may differ. ``unread`` are the statements that could not
    be read; the others can be judged without them. ``form`` is the notation of statements in its source, if there are
    several.
    """

    name: str
    document: Mapping[str, Any]
    where: str = ""
    lines: tuple[int, ...] = ()
    unread: tuple[Unread, ...] = ()
    documents: tuple[str, ...] = ()
    form: str = ""

    @property
    def named_unread(self) -> tuple[Unread, ...]:
        """The statements that could not be read, under their full names."""
        return tuple(replace(each, name=str(StatementId(self.name, each.index))) for each in self.unread)


class Role(Struct, frozen=True):
    """A role with its permissions. ``trust`` and ``boundary`` are ``None`` if unknown or absent.

    ``unread`` are policies of which nothing could be read, ``trust_unread`` statements of the trust policy.
    ``parameters`` are those of the template that the caller may set, and ``values`` their values. ``is_plain`` says
    that its policies are plain JSON, not from a template.
    """

    name: str
    policies: tuple[RolePolicy, ...]
    unread: tuple[Unread, ...] = ()
    trust: Mapping[str, Any] | Unread | None = None
    boundary: RolePolicy | Unread | None = None
    arn: str = ""
    parameters: tuple[str, ...] = ()
    trust_unread: tuple[Unread, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = False

    @property
    def all_unread(self) -> tuple[Unread, ...]:
        """All parts of the role that could not be read: in its policies, trust policy and boundary."""
        statements = (each for policy in self.policies for each in policy.named_unread)
        return tuple(dict.fromkeys((*self.unread, *statements, *self.unread_besides)))

    @property
    def unread_besides(self) -> tuple[Unread, ...]:
        """The parts of its trust policy and boundary that could not be read."""
        boundary = self.boundary.named_unread if isinstance(self.boundary, RolePolicy) else ()
        limits = (replace(self.boundary, noun="permissions boundary"),) if isinstance(self.boundary, Unread) else ()
        trust = (self.trust,) if isinstance(self.trust, Unread) else ()
        return (*self.trust_unread, *boundary, *trust, *limits)


def read_role(text: str, document: str, name: str = "", given: Given = NOTHING_GIVEN) -> Role:
    """Return the role in a text. ``name`` is its logical ID in a template, or its name in the authorization details.

    Raise InvalidInput if the text has no such role, or several and no name is given, for an invalid policy document,
    and for a template with undefined references. Raise TooLarge if a document other than authorization details exceeds
    its size limit.
    """
    data = parse(text, document)
    if not (isinstance(data, Mapping) and "RoleDetailList" in data):
        check_size(len(text.encode()), document)
    if isinstance(data, Mapping):
        if "Resources" in data:
            template = read_template(text, document)
            refuse(undefined_names(template, ("AWS::IAM::",)), {document: text})
            return template_role(template, name, given)
        if given.parameters:
            raise InvalidInput("has no parameters: it is not a template", where=document)
        if "RoleDetailList" in data:
            return _listed_role(data, document, name)
        for policy in (data, data.get("PolicyDocument"), _mapping(data.get("PolicyVersion")).get("Document")):
            if isinstance(policy, Mapping) and "Statement" in policy:
                return Role(document, (_only_policy(policy, document),), is_plain=True)
    raise InvalidInput("has no role", where=document, remedy=_ROLE_FORMS)


def account_roles(text: str, document: str) -> tuple[Role, ...]:
    """Return all roles in the authorization details of an account; none for any other text.

    Raise InvalidInput if they do not have IAM's format.
    """
    data = parse(text, document)
    if not (isinstance(data, Mapping) and "RoleDetailList" in data):
        return ()
    check_details(data, document)
    policies = _elements(data.get("Policies"))
    return tuple(detailed_role(each, policies, document) for each in _elements(data["RoleDetailList"]))


def template_role(template: Template, name: str = "", given: Given = NOTHING_GIVEN) -> Role:
    """Return the role with the logical ID ``name``, with every policy that the template gives it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
    """
    unknown = sorted(set(given.parameters) - set(template.parameters))
    if unknown:
        has = ", ".join(template.parameters) or "none"
        what, remedy = f"has no parameter {unknown[0]}", hint(unknown[0], template.parameters)
        raise InvalidInput(what, where=template.document, why=f"Its parameters: {has}.", remedy=remedy)
    roles = StackRoles(template.resolve(given)).roles
    return stack_role(_chosen(roles, name, template.document), template, given)


def stack_role(found: RoleResource, template: Template, given: Given = NOTHING_GIVEN) -> Role:
    """Return the role of a resolved template with all its policies. Conditional parts are unread."""
    read = _Reader(template, given, found.trust.guards)
    trust, trust_unread = read.trust(found.trust)
    policies = [
        *map(read.policy, found.policies),
        *map(read.perhaps, found.perhaps),
        *_macros(found.logical_id, template),
    ]
    boundaries = [read.policy(each) for each in found.boundaries if each.arn and each.arn.value]
    return Role(
        template.called(found.logical_id),
        renamed(policy for policy in policies if isinstance(policy, RolePolicy)),
        tuple(dict.fromkeys(policy for policy in policies if isinstance(policy, Unread))),
        trust,
        next((each for each in boundaries if isinstance(each, Unread)), next(iter(boundaries), None)),
        parameters=template.settable,
        trust_unread=trust_unread,
        values=template.values(given),
    )


def detailed_role(detail: Mapping[str, Any], policies: Iterable[Mapping[str, Any]] = (), where: str = "IAM") -> Role:
    """Return the role in one element of ``RoleDetailList``. ``policies`` are those of the same response.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html
    """
    documents = {str(policy.get("Arn")): _default_version(policy) for policy in policies}
    found: list[RolePolicy | Unread] = [
        read_document(
            str(policy.get("PolicyName")), _literal(_mapping(document_of(policy.get("PolicyDocument")))), where
        )
        for policy in detail.get("RolePolicyList", ())
    ]
    found += [
        attached_policy(str(p.get("PolicyArn")), documents, where) for p in detail.get("AttachedManagedPolicies", ())
    ]
    boundary = _mapping(detail.get("PermissionsBoundary")).get("PermissionsBoundaryArn")
    trust = _literal(_mapping(document_of(detail.get("AssumeRolePolicyDocument")))) or None
    return Role(
        str(detail.get("RoleName", "")),
        renamed(policy for policy in found if isinstance(policy, RolePolicy)),
        tuple(policy for policy in found if isinstance(policy, Unread)),
        trust,
        attached_policy(str(boundary), documents, where) if boundary else None,
        str(detail.get("Arn", "")),
        trust_unread=unread_of_trust(trust or {}),
        is_plain=True,
    )


class _Reader(Struct, frozen=True):
    """Reads the policy documents of a role in a template. ``own`` are the conditions of the role."""

    template: Template
    given: Given
    own: tuple[Literal, ...]

    def policy(self, source: PolicySource) -> RolePolicy | Unread:
        """Return the policy, or why it cannot be read."""
        document = document_of(source.document.value if source.document else None)
        if guards := [guard for guard in source.guards if guard not in self.own]:
            whole = _undecided(source.name, guards[0].condition)
            remedy = cure(self.template.untold_by(guards[0].condition, self.given)) or whole.remedy
            return replace(whole, where=self._where(source), remedy=remedy, effects=_effects(document))
        if source.document is None:
            return self._elsewhere(source)
        if not isinstance(document, Mapping):
            return replace(_by_cloudformation(source.name), where=self._where(source))
        read = read_document(source.name, document, self._where(source))
        if isinstance(read, Unread):
            remedy = self._cure(source.holder.source(*source.document.path)) or read.remedy
            return replace(read, where=self._where(source), remedy=remedy)
        statements = document.get("Statement")
        steps = [(index,) for index in range(len(statements))] if isinstance(statements, list) else [()]
        lines = tuple(self._line(source, "Statement", *step) for step in steps)
        start = source.document.path
        unread = tuple(self._told(source, each, *start, "Statement", *steps[each.index]) for each in read.unread)
        return replace(read, lines=lines, unread=unread)

    def trust(self, source: PolicySource) -> tuple[Mapping[str, Any] | Unread, tuple[Unread, ...]]:
        """Return the trust policy, empty if there is none, and its statements that cannot be read."""
        document = document_of(source.document.value if source.document else None)
        elements = [_mapping(document).get(name) for name in ("Version", "Statement")]
        if isinstance(document, str) or isinstance(elements[1], str) or _untold(elements[0]):
            return replace(_by_cloudformation(source.name), where=self._where(source)), ()
        found = _mapping(document)
        start = (*(source.document.path if source.document else ()), "Statement")
        listed = isinstance(found.get("Statement"), list)
        unread = unread_of_trust(found)
        return found, tuple(self._told(source, u, *start, *((u.index,) if listed else ())) for u in unread)

    def _told(self, source: PolicySource, unread: Unread, *steps: str | int) -> Unread:
        """Return the unread statement with its place and remedy."""
        path = source.holder.source(*steps)
        place = self.template.place(path)
        return replace(unread, where=place, remedy=self._cure(path) or unread.remedy)

    def perhaps(self, source: PolicySource) -> Unread:
        """Return a policy that may be attached to the role: the role that it names is unknown."""
        paths = (source.holder.source(name) for name in ATTACHED_TO)
        return Unread(
            source.holder.logical_id,
            "the name of the role that it is attached to is unknown",
            next(filter(None, map(self._cure, paths)), "") or _LIVE,
            self._where(source),
            effects=_effects(document_of(source.document.value if source.document else None)),
        )

    def _cure(self, path: Path) -> str:
        return cure(self.template.untold_in(path, self.given))

    def _where(self, source: PolicySource) -> str:
        part = source.document or source.arn
        return self.template.place(source.holder.source(*(part.path if part else ())))

    def _line(self, source: PolicySource, *steps: str | int) -> int:
        part = source.document or source.arn
        return self.template.line(source.holder.source(*(part.path if part else ()), *steps))

    def _elsewhere(self, source: PolicySource) -> RolePolicy | Unread:
        arn = source.arn.value if source.arn else None
        if source.arn is None or not isinstance(arn, str):
            why = f"expected its ARN, found {'a list' if isinstance(arn, list) else 'no string'}"
            return Unread("without an ARN", why, "Write one ARN there", self._where(source))
        if not arn:
            found = Unread("without an ARN", "its ARN is empty", "Fix the template", self._where(source))
            return replace(found, remedy=self._cure(source.holder.source(*source.arn.path)) or found.remedy)
        known = partition_of(self.given.region)
        read = attached_policy(
            arn.replace("${AWS::Partition}", "aws" if known.unknown else known), {}, self.template.document
        )
        if isinstance(read, Unread):
            remedy = self._cure(source.holder.source(*source.arn.path)) if symbols(arn) else ""
            return replace(read, where=self._where(source), remedy=remedy or read.remedy)
        return read


def cure(names: Sequence[str]) -> str:
    """Return how to give `verify` the values of parameters and pseudo parameters; empty for none."""
    options = [_OPTIONS.get(name, f"--parameter {name}=VALUE") for name in names]
    return f"Pass {' '.join(dict.fromkeys(options))}" if options else ""


def _macros(role: str, template: Template) -> Iterator[Unread]:
    """Yield transforms that may change the role."""
    own = template.resources.get(role, {})
    where = template.place(("Resources", role))
    if any(name.startswith("Fn::") for name in (*own, *_mapping(own.get("Properties")))):
        yield replace(_by_cloudformation("that Fn::Transform creates"), where=where)
    if "Fn::Transform" in template.tree:
        yield replace(_by_cloudformation("that the template's Fn::Transform creates"), where=template.document)
    for name, given in template.tree["Resources"].items():
        if may_make(str(name), given, POLICIES) or (name in template.resources and gives_away(given, role)):
            place = template.place(("Resources", name))
            yield replace(_by_cloudformation(f"that {name} may create"), where=place)
    transform = template.tree.get("Transform", ())
    for each in transform if isinstance(transform, list) else [transform] if transform else ():
        if not str(each).startswith("AWS::"):
            name = str(each.get("Name")) if isinstance(each, Mapping) else str(each)
            yield Unread(f"that the macro {name} creates", "only CloudFormation can resolve it", _LIVE, where)


def evaluable(policy: RolePolicy, known: Mapping[str, str] | None = None) -> IdentityPolicy:
    """Return the policy for the evaluator, with the values in ``known`` for symbols; ``!NAME`` is a policy variable.

    Any other symbol becomes a variable without a known value, so that everything that depends on it is unknown under
    its name. Raise InvalidInput for a document without statements.
    """
    return read_policy(policy.name, evaluable_document(policy.document, known), outcomes=outcomes)[0]


def evaluable_document(document: Mapping[str, Any], known: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Return the document in the form of the evaluator."""
    left: set[str] = set()
    # A policy variable, with an exclamation mark before its name, is a variable only in version 2012-10-17.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    variables = document.get("Version") == "2012-10-17"
    values = {name: value for name, value in (known or {}).items() if variables or not name.startswith("!")}

    def told(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        left.update(symbols(text))
        return plain(text)

    read: Mapping[str, Any] = _each_text(document, told)
    # Only version 2012-10-17 has variables, which represent symbols in the evaluator. An unknown version stays unknown.
    return {**read, "Version": "2012-10-17"} if left and not _untold(document.get("Version")) else read


def _untold(value: Any) -> bool:
    return isinstance(value, str) and bool(symbols(value))


def _chosen(roles: Sequence[RoleResource], name: str, document: str) -> RoleResource:
    named = [role for role in roles if name in (role.logical_id, role.resource.properties.get("RoleName")) or not name]
    if len(named) == 1:
        return named[0]
    ids = [role.logical_id for role in roles]
    raise InvalidInput(
        f"has no role {name}" if name else f"has {len(roles)} roles" if roles else "has no role",
        where=document,
        why=f"Its roles: {', '.join(ids) or 'none'}.",
        remedy=hint(name, ids, f"Choose one: {quoted(f'{document}:{ids[0]}')}" if roles else ""),
    )


def _listed_role(data: Mapping[str, Any], document: str, name: str) -> Role:
    check_details(data, document)
    details = _elements(data.get("RoleDetailList"))
    named = [detail for detail in details if name in ("", detail["RoleName"], detail.get("Arn"))]
    if len(named) == 1:
        return detailed_role(named[0], _elements(data.get("Policies")), document)
    names = [str(each["RoleName"]) for each in details]
    raise InvalidInput(
        f"has no role {name}" if name else f"has {len(details)} roles" if details else "has no role",
        where=document,
        remedy=hint(name, names, f"Choose one: {quoted(f'{document}:{names[0]}')}" if names else ""),
    )


def attached_policy(arn: str, documents: Mapping[str, Any], where: str) -> RolePolicy | Unread:
    """Return the policy that is attached by an ARN: one of these documents, or one of AWS. Otherwise why it cannot
    be read.
    """
    name = arn.rsplit("/", 1)[-1]
    if arn in documents:
        return read_document(name, _literal(_mapping(document_of(documents[arn]))), where)
    shipped = managed_policy(arn)
    if shipped is None:
        return Unread(
            name,
            f"its document is not in {where}, and cfnroles does not include it",
            "Pass the role with --live, or in the output of `aws iam get-account-authorization-details`",
        )
    return RolePolicy(
        shipped.name, _literal(shipped.document), f"AWS managed policy, {shipped.version}, as of {shipped.read}"
    )


def _only_policy(policy: Mapping[str, Any], document: str) -> RolePolicy:
    """Return a standalone policy. Raise InvalidInput if none of its statements can be read."""
    read, faults = read_policy(document, policy)
    if faults and not read.statements:
        raise next(iter(faults.values()))
    unread = tuple(_unread_statement(index, fault) for index, fault in faults.items())
    return RolePolicy(document, _literal(policy), document, unread=unread)


def read_document(name: str, document: Mapping[str, Any], where: str) -> RolePolicy | Unread:
    """Return the policy of a document, in which single statements may be unread, or why nothing of it can be read."""
    try:
        _, faults = read_policy(name, evaluable_document(document))
    except InvalidInput as error:
        return Unread(name, error.what, error.remedy.rstrip("."), effects=_effects(document))
    unread = tuple(_unread_statement(index, fault, document) for index, fault in faults.items())
    return RolePolicy(name, document, where, unread=unread)


def unread_of_trust(document: Mapping[str, Any]) -> tuple[Unread, ...]:
    """Return the statements of a trust policy that cannot be read."""
    try:
        _, faults = read_trust(evaluable_document(document))
    except InvalidInput:
        return ()  # there is no statement to read
    unread = (_unread_statement(index, fault, document) for index, fault in faults.items())
    return tuple(replace(each, name=str(StatementId(TRUST_POLICY, each.index))) for each in unread)


def _unread_statement(index: int, fault: InvalidInput, document: Mapping[str, Any] | None = None) -> Unread:
    statements = (document or {}).get("Statement")
    given = statements[index] if isinstance(statements, list) else statements
    if condition := _condition_inside(given):
        return replace(_undecided("", condition), index=index)
    return Unread("", fault.what, fault.remedy.rstrip("."), index=index)


def _effects(document: Any) -> tuple[Effect, ...]:
    """Return the possible effects of an unreadable policy."""
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if statements is None:
        return tuple(Effect)
    return tuple(dict.fromkeys(effect for each in outcomes(statements) for effect in effects_of(each)))


def _by_cloudformation(name: str) -> Unread:
    return Unread(name, "only CloudFormation can resolve it", _LIVE)


def _undecided(name: str, condition: str) -> Unread:
    return Unread(
        name,
        f"it depends on the template's condition {condition}, which is unknown",
        _LIVE,
    )


def _condition_inside(value: Any) -> str:
    if isinstance(value, Mapping):
        if found := undecided(value):
            return found[0]
        value = list(value.values())
    return next(filter(None, map(_condition_inside, value)), "") if isinstance(value, list) else ""


def renamed(policies: Iterable[RolePolicy]) -> tuple[RolePolicy, ...]:
    """Return the policies without duplicates, with unique names."""
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
