"""Add statements to a role of a template, in the template's own text. Everything else in it is unchanged."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

from msgspec import Struct

from cfnroles.answers.source_roles import SourceRole
from cfnroles.answers.template_tasks import known_of
from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.iam.stack_roles import PolicySource, RoleResource, roles_of
from cfnroles.need import Holder
from cfnroles.policies import INLINE_TOTAL, MANAGED_POLICY, document
from cfnroles.sources.cdk_app import construct_path
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_tasks import in_worlds
from cfnroles.targets.cloudformation.injection_record import is_injected, recorded
from cfnroles.targets.cloudformation.mark import is_marked
from cfnroles.targets.cloudformation.patches import Patch, Path, TemplateText
from cfnroles.targets.cloudformation.template_expressions import Expressions
from cfnroles.targets.cloudformation.uneditable import check_edited, check_size
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.targets.lacking import Lacked, Ungrantable
from cfnroles.template.dependencies import names_in
from cfnroles.template.generated import CDK, mark_of
from cfnroles.template.template import Template
from cfnroles.text import Text

_NO_VALUE = {"Ref": "AWS::NoValue"}
_MANAGED = "AWS::IAM::ManagedPolicy"
#: One condition of the template, as users write it.
_CONDITION = re.compile(r"([A-Za-z0-9]+) (holds|does not hold)")


def changed_template(reading: Reading, at: SourceRole, lacking: Sequence[Lacked]) -> str:
    """Return the text of a template in which a role of it also has these statements.

    Raise Ungrantable for a template that a tool writes, if no policy of the role can be edited, and for statements that
    a policy cannot express.
    """
    template = reading.template
    assert template is not None  # noqa: S101 - only asked of templates
    _refuse_generated(template, reading.name, at, lacking)
    _, given = known_of(reading)
    found = roles_of(template.resolve(given)).by_id.get(at.logical_id)
    if found is None or _is_looped(found.resource.source()):
        raise Ungrantable(
            f"{reading.name} creates {at.logical_id} in a loop or in another way that cfnroles cannot edit"
        )
    said = _said(lacking, reading, template, at)
    statements = [_conditioned(each, tree, template) for each, tree in zip(lacking, said, strict=True)]
    failure: InvalidInput | None = None
    for way in _ways(found, template, statements):
        try:
            return _edited(template.text, template.document, way)
        except InvalidInput as error:
            failure = failure or error
    raise Ungrantable(f"{failure.where}: {failure.what}" if failure else f"no policy of {at.logical_id} has room")


def _refuse_generated(template: Template, name: str, at: SourceRole, lacking: Sequence[Lacked]) -> None:
    """Raise Ungrantable for a template that a tool rewrites, with the place to edit instead."""
    if is_marked(template.tree):
        raise Ungrantable(f"`cfnroles build` wrote {name}: change its source, and build again")
    mark = mark_of(template.tree)
    if mark and mark.generator is CDK:
        holder = at.verification.holder
        how = "addToExecutionRolePolicy" if holder is Holder.EXECUTION else "addToTaskRolePolicy"
        actions = ", ".join(json.dumps(action) for each in lacking for action in each.statement.actions)
        path = construct_path(template, at.logical_id) or at.logical_id
        call = f"{how}(new iam.PolicyStatement({{actions: [{actions}], resources: [...]}}))"
        raise Ungrantable(f"the AWS CDK writes {name}: the role is the construct {path}; call {call} there")
    if mark and mark.generator.again:
        raise Ungrantable(f"{name} was written by {mark.generator.name}. {mark.generator.where}")
    if (
        is_injected(template.tree)
        and f"Resources.{at.logical_id}" in recorded(template.tree, template.text, name).added
    ):
        raise Ungrantable(f"`cfnroles inject` wrote {at.logical_id}: run `cfnroles inject {name} --in-place` again")


class _Way(Struct, frozen=True):
    """One way to add statements: a value at the end of the list at a path, or a member of the mapping there."""

    path: Path
    values: Sequence[Any] = ()
    members: Mapping[str, Any] = {}
    behind: str = ""


def _said(lacking: Sequence[Lacked], reading: Reading, template: Template, at: SourceRole) -> list[Mapping[str, Any]]:
    """Return the statements as a template has them; raise Ungrantable for those that no policy can express."""
    known = known_of(reading)
    spelling = Spelling(known[0])
    trees = [_rendered(document([each.statement])["Statement"][0], spelling) for each in lacking]
    task = next(iter(at.verification.use.tasks if at.verification.use else ()), "")
    if task not in template.resources:
        return trees
    worlds = in_worlds(task, reading.documents[0], template, known).worlds
    expressions = Expressions(worlds)
    texts = (text for each in lacking for need in each.statement.needs for text in need.permission.texts)
    if unsaid := expressions.unsaid(texts, worlds.space.everywhere):
        raise Ungrantable(f"a policy cannot say {unsaid}: replace it with its value")
    return [expressions.said(each) for each in trees]


def _rendered(value: Any, spelling: Spelling) -> Any:
    if isinstance(value, Text):
        made = spelling.value(value)
        return made if isinstance(made, str) else made.data
    if isinstance(value, Mapping):
        return {key: _rendered(each, spelling) for key, each in value.items()}
    if isinstance(value, list):
        return [_rendered(each, spelling) for each in value]
    return value


def _conditioned(each: Lacked, tree: Mapping[str, Any], template: Template) -> Any:
    """Return the statement under the condition that it depends on."""
    if not each.when:
        return tree
    found = _CONDITION.fullmatch(each.when)
    if found is None or found[1] not in template.tree.get("Conditions", {}):
        raise Ungrantable(f"the statement {each.statement.sid} is needed only if {each.when}: add it yourself")
    branches = (tree, _NO_VALUE) if found[2] == "holds" else (_NO_VALUE, tree)
    return {"Fn::If": [found[1], *branches]}


def _ways(role: RoleResource, template: Template, statements: Sequence[Any]) -> Iterator[_Way]:
    """Yield where the statements can go: the policies of this role alone, the most similar first; else a new policy."""
    own = [each for each in role.policies if _is_own(each, role, template)]
    for each in sorted(own, key=lambda policy: _unlikeness(policy, statements)):
        assert each.document is not None  # noqa: S101 - own policies have one
        path = tuple(map(str, each.holder.source(*each.document.path, "Statement")))
        limit = MANAGED_POLICY if each.holder.type == _MANAGED else INLINE_TOTAL
        if _size([each.document.value, statements]) <= limit:
            yield _Way(path, values=with_sids(statements, each.document.value))
    properties: Path = tuple(map(str, role.resource.source()))
    inline = [each for each in role.policies if each.holder.logical_id == role.logical_id and each.document]
    if _size([*(each.document.value for each in inline if each.document), statements]) > INLINE_TOTAL:
        return
    policy = _new_policy(statements, {each.name for each in role.policies})
    if TemplateText(template.text, template.document).place((*properties, "Policies")):
        yield _Way((*properties, "Policies"), values=[policy])
    else:
        yield _Way(properties, members={"Policies": [policy]}, behind="AssumeRolePolicyDocument")


def _new_policy(statements: Sequence[Any], taken: Iterable[str]) -> Any:
    """Return an inline policy with these statements, under their condition if any: no policy may be empty."""
    names = chain(("Permissions",), (f"Permissions{number}" for number in count(2)))
    name = next(each for each in names if each not in set(taken))
    conditions = {repr(each["Fn::If"][0]) for each in statements if "Fn::If" in each}
    whole = len(conditions) == 1 and all("Fn::If" in each for each in statements)
    if not whole:
        return {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    condition, first, _ = statements[0]["Fn::If"]
    holds = first != _NO_VALUE
    inner = [each["Fn::If"][1 if holds else 2] for each in statements]
    policy = {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": inner}}
    return {"Fn::If": [condition, *((policy, _NO_VALUE) if holds else (_NO_VALUE, policy))]}


def _is_looped(path: Sequence[str | int]) -> bool:
    """Whether a loop creates the element at a path, the same for each of its iterations."""
    return any(str(step).startswith("Fn::ForEach::") for step in path)


def _is_own(policy: PolicySource, role: RoleResource, template: Template) -> bool:
    """Whether a policy of the template exists whenever the role does, and belongs to no other role."""
    looped = _is_looped(policy.holder.source())
    if policy.document is None or looped or set(policy.guards) - set(role.trust.guards):
        return False
    if policy.holder.logical_id == role.logical_id:
        return True
    if any(policy.holder.properties.get(name) for name in ("Users", "Groups")):
        return False
    named = policy.holder.properties.get("Roles")
    others = [name for name, each in template.tree["Resources"].items() if policy.holder.logical_id in names_in(each)]
    exported = policy.holder.logical_id in names_in(template.tree.get("Outputs"))
    alone = not isinstance(named, list) or len(named) <= 1
    return alone and not exported and not (set(others) - (set() if named else {role.logical_id}))


def _unlikeness(policy: PolicySource, statements: Sequence[Any]) -> int:
    """Return how different a policy is from the statements: 0 if it has the same call, 1 if the same service."""
    text = str(policy.document.value if policy.document else "")
    actions = [action for each in statements for action in _actions(each)]
    if any(action in text for action in actions):
        return 0
    return 1 if any(f"{action.partition(':')[0]}:" in text for action in actions) else 2


def _actions(statement: Any) -> list[str]:
    plain = (
        next((each for each in statement["Fn::If"][1:] if each != _NO_VALUE), {})
        if "Fn::If" in statement
        else statement
    )
    return list(plain.get("Action", ()))


def with_sids(statements: Sequence[Any], policy: Any) -> list[Any]:
    """Return the statements with a Sid that no other statement of the policy has."""
    taken = set(re.findall(r"'Sid': '(\w+)'", str(policy)))
    found = []
    for each in statements:
        made = copy.deepcopy(each)
        for one in made["Fn::If"][1:] if "Fn::If" in made else (made,):
            if "Sid" in one:
                own = one["Sid"]
                names = chain((own,), (f"{own}{number}" for number in count(2)))
                one["Sid"] = next(name for name in names if name not in taken)
                taken.add(one["Sid"])
        found.append(made)
    return found


def _size(tree: Any) -> int:
    """Return approximately what IAM counts of policies: all except white space."""
    return len(re.sub(r"\s", "", str(tree)))


def edited_list(text: str, name: str, path: Path, values: Sequence[Any]) -> str:
    """Return a text in which the list at a path also has these values; raise InvalidInput if there is no such list."""
    return _edited(text, name, _Way(path, values=values))


def _edited(text: str, name: str, way: _Way) -> str:
    """Return the text with the statements added in this way; raise InvalidInput if that is impossible."""
    parts = TemplateText(text, name)
    patches: list[Patch]
    if way.members and parts.place((*way.path, way.behind)):
        patches = [parts.beside((*way.path, way.behind), way.members)]
    elif way.members:
        patches = list(parts.addition(way.path, way.members))
    else:
        patches = [parts.appended(way.path, way.values)]
    edited = check_edited(text, name, patches, _with(parse(text, name), way))
    check_size(edited, name)
    return edited


def _with(tree: Any, way: _Way) -> Any:
    """Return the tree with the statements added in this way."""
    around, parent, last = tree, tree, ""
    for step in way.path:
        parent, last = around, step
        around = around[int(step)] if isinstance(around, list) else around[step]
    if way.members:
        around.update(copy.deepcopy(dict(way.members)))
    elif around:
        around.extend(copy.deepcopy(list(way.values)))
    else:
        parent[int(last) if isinstance(parent, list) else last] = copy.deepcopy(list(way.values))
    return tree
