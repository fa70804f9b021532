"""A reusable module: an execution role for the secrets and further policies that each call passes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.need import Holder, Need
from cfnroles.table.references import SecretReference, value_from
from cfnroles.targets.terraform.file import Header, data_blocks, local_values, marked
from cfnroles.targets.terraform.names import SECRETS, SERVICE_NAME, FileNames
from cfnroles.targets.terraform.parts import Parts
from cfnroles.targets.terraform.permissions import named, packed
from cfnroles.targets.terraform.roles import attachment, role_blocks, role_local
from cfnroles.targets.terraform.values import EnclosingModule, Values
from cfnroles.targets.terraform.variables import variable_blocks
from cfnroles.targets.terraform.writing import Argument, Comment, Items, Written, WrittenBlock, file_text, quoted
from cfnroles.targets.terraform.written_file import Subject, TerraformFile
from cfnroles.text import Text, text_of

_ADDITIONAL = "additional_policies"


def module_file(subject: Subject, path: str) -> TerraformFile:
    """Return the module with the execution role of a task definition, for any similar service."""
    values = Values(FileNames(""), EnclosingModule(), subject.region)
    own = [_by_variable(need, subject) for need in subject.discovery.needs if need.holder is Holder.EXECUTION]
    needs, gaps = named(dict.fromkeys(own), subject.conditions, values)
    parts = Parts(
        subject.label,
        subject.header.document,
        Text(SERVICE_NAME),
        values.names,
        values,
        packed(needs),
        options=subject.options,
        key_arns=subject.facts.kms_key_arns,
    )
    text = _text(subject.header, parts)
    lacking = (gap for gap in subject.discovery.gaps if gap.holder is Holder.EXECUTION)
    return TerraformFile(path, text, needs, (*lacking, *gaps))


def _text(header: Header, parts: Parts) -> str:
    role = parts.names.role(Holder.EXECUTION)
    roles = [*role_blocks(parts, Holder.EXECUTION), _further(parts, role)]
    local = role_local(parts, Holder.EXECUTION, roles)
    outputs = [
        _output("arn", "ARN of the execution role.", f"local.{parts.names.role_arn(Holder.EXECUTION)}"),
        _output("name", "Name of the execution role.", f"aws_iam_role.{role}.name"),
    ]
    waits = WrittenBlock("locals", (), (Comment("This waits for the permissions."), local))
    body = file_text([*roles, waits])
    blocks = [*variable_blocks(parts), _list_of_policies(), *data_blocks(parts, body), local_values(parts, body, waits)]
    return marked("\n".join(f"# {line}" for line in header.lines), file_text([*blocks, *roles, *outputs]))


def _further(parts: Parts, role: str) -> WrittenBlock:
    # A count works with ARNs that are unknown until apply. A for_each of a set of them does not.
    arn = Written(f"var.{_ADDITIONAL}[count.index]")
    return attachment(parts, role, "additional", arn, (Argument("count", Written(f"length(var.{_ADDITIONAL})")),))


def _list_of_policies() -> WrittenBlock:
    entries = (
        Argument("type", Written("list(string)")),
        Argument("description", quoted("ARNs of managed policies that the role has besides.")),
        Argument("default", Items(())),
    )
    return WrittenBlock("variable", (_ADDITIONAL,), entries)


def _output(name: str, description: str, value: str) -> WrittenBlock:
    return WrittenBlock(
        "output", (name,), (Argument("description", quoted(description)), Argument("value", Written(value)))
    )


def _by_variable(need: Need, subject: Subject) -> Need:
    """Return the need with the variable in place of each secret that the task definition itself names."""
    secrets = frozenset(_secrets(subject))
    permission = need.permission
    conditions = tuple(
        replace(each, values=(Text(SECRETS),)) if set(each.values) <= secrets and each.values else each
        for each in permission.conditions
    )
    resource = Text(SECRETS) if permission.resource in secrets else permission.resource
    if resource == permission.resource and conditions == permission.conditions:
        return need
    when = tuple(sorted({*permission.when, SECRETS.name}))
    return replace(need, permission=replace(permission, resource=resource, conditions=conditions, when=when))


def _secrets(subject: Subject) -> Iterator[Text]:
    for reference in subject.discovery.references:
        target = value_from(reference.value_from, subject.facts)
        if isinstance(target, SecretReference):
            yield from map(text_of, target.policy_resources)
