"""The blocks of the roles: each role with its policies, and outputs that are known once the policies exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from cfnroles.need import Holder
from cfnroles.policies import Policy
from cfnroles.role_kinds import RoleKind, kind_of
from cfnroles.targets.terraform.by_key import among, by_key
from cfnroles.targets.terraform.conditions import either
from cfnroles.targets.terraform.parts import Parts, Repeated
from cfnroles.targets.terraform.policy_documents import both, policy_document, trust_policy
from cfnroles.targets.terraform.values import is_known_later
from cfnroles.targets.terraform.writing import (
    Argument,
    Entry,
    Expression,
    Members,
    Written,
    WrittenBlock,
    literal,
    quoted,
)
from cfnroles.text import Text

#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, of which Terraform uses 26 characters.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role#name_prefix
_LONGEST_PREFIX = 38
#: The resources that give a role its permissions.
_POLICIES = ("aws_iam_role_policy", "aws_iam_role_policy_attachment")


def role_blocks(parts: Parts, holder: Holder) -> Iterator[WrittenBlock]:
    """Yield one role with its policies."""
    kind, name, policies = kind_of(holder), parts.names.role(holder), parts.policies.get(holder, ())
    yield WrittenBlock("resource", ("aws_iam_role", name), _role(parts, kind))
    inline = [policy for policy in policies if not policy.managed]
    if inline:
        yield _inline_policy(parts, name, inline)
    managed = [policy for policy in policies if policy.managed]
    for number, policy in enumerate(managed, 1):
        yield from _managed_policy(parts, name, f"{name}_{number}", policy)
    for number, arn in enumerate(parts.option(holder).managed_policies, 1):
        yield attachment(parts, name, f"{name}_chosen_{number}", parts.values.of(arn))
    if kind.profile:
        profile = (Argument("name_prefix", _prefix(parts, holder)), Argument("role", _of(parts, name, "name")))
        yield WrittenBlock("resource", ("aws_iam_instance_profile", name), (*parts.head, *profile))


def role_local(
    parts: Parts, holder: Holder, blocks: Sequence[WrittenBlock], waited_for: Sequence[str] = ()
) -> Argument:
    """Return the local with the role's ARN, which is known once policies and ``waited_for`` exist.

    The latter are expressions, such as the ID of the gate.
    """
    role, instance = f"aws_iam_role.{parts.names.role(holder)}", parts.repeated.instance
    waited = [_id(each, parts) for each in blocks if each.labels[0] in _POLICIES]
    waited += waited_for
    if kind_of(holder).profile:
        role = f"aws_iam_instance_profile.{parts.names.role(holder)}"
    arn = f"{role}{instance}.arn"
    if waited:
        ids = ", ".join(waited)
        arn = f"length([{ids}]) == {len(waited)} ? {arn} : null"
    return Argument(parts.names.role_arn(holder), Written(_for_each(role, arn, parts)))


def _id(block: WrittenBlock, parts: Parts) -> str:
    """Return the ID of a policy; one that depends on conditions may not exist."""
    name = ".".join(block.labels)
    counted = any(isinstance(each, Argument) and each.name == "count" for each in block.body)
    if counted and not parts.repeated.meta:
        return f"{name}[*].id"
    whole = f"{name}{parts.repeated.instance}.id"
    return whole if block.body[: len(parts.head)] == parts.head else f"try({whole}, null)"


def _for_each(role: str, value: str, parts: Parts) -> str:
    instance = parts.repeated.instance
    if instance:
        value = value.replace(f"{role}{instance}", "role")
    match parts.repeated.meta:
        case "count" if value.startswith("role."):
            return value.replace("role", f"{role}[*]", 1)
        case "count":
            return f"[for index, role in {role} : {value.replace(instance, '[index]')}]"
        case "for_each":
            return f"{{ for key, role in {role} : key => {value.replace(instance, '[key]')} }}"
    return value


def role_outputs(parts: Parts, holder: Holder) -> Iterator[WrittenBlock]:
    """Yield the outputs with ARN and name of the role."""
    name, role = parts.names.role(holder), f"aws_iam_role.{parts.names.role(holder)}"
    of = "instance profile" if kind_of(holder).profile else holder
    arn = (_description(f"ARN of the {of} of {parts.subject}."), _value(f"local.{parts.names.role_arn(holder)}"))
    yield WrittenBlock("output", (parts.names.role_arn(holder),), arn)
    names = _for_each(role, f"{role}{parts.repeated.instance}.name", parts)
    yield WrittenBlock(
        "output", (f"{name}_role_name",), (_description(f"Name of the {holder} of {parts.subject}."), _value(names))
    )


def _description(text: str) -> Argument:
    return Argument("description", quoted(text))


def _value(written: str) -> Argument:
    return Argument("value", Written(written))


def _role(parts: Parts, kind: RoleKind) -> tuple[Entry, ...]:
    options = parts.option(kind.holder)
    named = Argument("name", parts.values.of(options.name)) if options.name else None
    entries: list[Entry] = [
        *parts.head,
        named or Argument("name_prefix", _prefix(parts, kind.holder)),
        Argument("description", parts.values.of(Text(f"{kind.used_by} of ", parts.family, "."))),
        *([Argument("path", parts.values.of(options.path))] if options.path else []),
        *(
            [Argument("permissions_boundary", parts.values.of(options.permissions_boundary))]
            if options.permissions_boundary
            else []
        ),
        *(
            [Argument("max_session_duration", Written(str(options.max_session_duration)))]
            if options.max_session_duration
            else []
        ),
        Argument("assume_role_policy", trust_policy(kind.assumed_by, parts.values)),
    ]
    if options.tags:
        tags = tuple(Argument(key, parts.values.of(value)) for key, value in options.tags.items())
        entries.append(Argument("tags", Members(tags, apart=True)))
    policies = parts.policies.get(kind.holder, ())
    if by_key([need for policy in policies for statement in policy.statements for need in statement.needs]):
        entries.append(WrittenBlock("lifecycle", (), (_known_key(parts.repeated),)))
    return tuple(entries)


def _known_key(repeated: Repeated) -> WrittenBlock:
    """Return the resource that rejects an instance that did not exist when its permissions were written."""
    key = "count.index" if repeated.meta == "count" else "each.key"
    names = literal(", ".join(repeated.keys))
    message = f"These permissions are for {names}. Write the file again for ${{{key}}}, with the command at its top."
    condition = Argument("condition", Written(among(repeated.keys, repeated.meta)))
    return WrittenBlock("precondition", (), (condition, Argument("error_message", Written(f'"{message}"'))))


def _prefix(parts: Parts, holder: Holder) -> Written:
    """Return the beginning of the role's name, before the suffix that Terraform adds."""
    end = f"-{holder.removesuffix(' role').replace(' ', '-')}-"
    room = _LONGEST_PREFIX - len(end)
    if not parts.family.symbols:
        return quoted(f"{parts.family.plain[:room]}{end}")
    family = parts.values.of(parts.family).text
    return Written(f'"${{substr({family}, 0, {room})}}{literal(end)}"')


def _inline_policy(parts: Parts, name: str, policies: Sequence[Policy]) -> WrittenBlock:
    head = _only_if(parts, policies)
    return WrittenBlock(
        "resource",
        ("aws_iam_role_policy", name),
        (
            *head,
            Argument("name", quoted("Permissions")),
            Argument("role", _of(parts, name, "id")),
            Argument("policy", _document(head, policies, parts)),
        ),
    )


def _only_if(parts: Parts, policies: Sequence[Policy]) -> tuple[Entry, ...]:
    """Return the meta-arguments of a policy that must not exist without a statement."""
    conditions = _alternatives(parts, policies)
    # The count of a resource cannot depend on the index of an instance, and must be known in the plan.
    if any("count.index" in each or is_known_later(each) for each in conditions):
        return parts.head
    return parts.head_under(either(conditions))


def _alternatives(parts: Parts, policies: Sequence[Policy]) -> tuple[str, ...]:
    """Return the conditions of which one must hold for any statement to exist; empty if one always does."""
    found = parts.repeated.either([both(policy.when) for policy in policies])
    return tuple(dict.fromkeys(found)) if all(found) else ()


def _document(head: tuple[Entry, ...], policies: Sequence[Policy], parts: Parts) -> Expression:
    """Return the document of policies in a resource with this head, which has a statement under all conditions."""
    if head != parts.head:
        alone = len(policies) == 1
        return policy_document([replace(policies[0], when=())] if alone else policies, parts.values)
    return policy_document(policies, parts.values, either(_alternatives(parts, policies)))


def _managed_policy(parts: Parts, role: str, name: str, policy: Policy) -> Iterator[WrittenBlock]:
    head = _only_if(parts, (policy,))
    document = _document(head, (policy,), parts)
    prefix = Argument("name_prefix", _prefix(parts, policy.statements[0].holder))
    yield WrittenBlock("resource", ("aws_iam_policy", name), (*head, prefix, Argument("policy", document)))
    instance = parts.instance_under("" if head == parts.head else "true")
    arn = Written(f"aws_iam_policy.{name}{instance}.arn")
    yield attachment(parts, role, name, arn, head)


def attachment(
    parts: Parts, role: str, name: str, arn: Expression, head: tuple[Entry, ...] | None = None
) -> WrittenBlock:
    """Return the attachment of a managed policy to a role."""
    arguments = (Argument("role", _of(parts, role, "name")), Argument("policy_arn", arn))
    head = parts.head if head is None else head
    return WrittenBlock("resource", ("aws_iam_role_policy_attachment", name), (*head, *arguments))


def _of(parts: Parts, role: str, attribute: str) -> Written:
    return Written(f"aws_iam_role.{role}{parts.repeated.instance}.{attribute}")
