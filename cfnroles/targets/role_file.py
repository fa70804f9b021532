"""Add statements to a role from a file: a template, or a policy document in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.requests import Home
from cfnroles.answers.source_roles import SourceRole
from cfnroles.answers.verification import Outcome, Verification
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.document import parse, read_document
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts, partition_of
from cfnroles.files import ACCOUNT, exists, read_text
from cfnroles.iam.roles import Role, read_role
from cfnroles.policies import document
from cfnroles.sources.source import read
from cfnroles.statements import Statement, compose
from cfnroles.symbols import PolicyVariable, PseudoParameter
from cfnroles.targets.cloudformation.granting import changed_template, edited_list, with_sids
from cfnroles.targets.lacking import Lacked, Ungrantable
from cfnroles.text import PSEUDO_PARAMETERS, Text, text_of

#: Where a policy document may be in a response of the AWS CLI.
_PLACES: tuple[tuple[str, ...], ...] = ((), ("PolicyDocument",), ("PolicyVersion", "Document"))


def changed_role_file(role: str, several: Sequence[Diagnosis]) -> tuple[str, str, str]:
    """Return the file of a role as `verify` accepts it, with its text before and after the change.

    Raise Ungrantable if no one edits that file by hand, or if it cannot hold a name.
    """
    file, name = (role, "") if exists(role) or ":" not in role else role.rpartition(":")[::2]
    before = read_text(file, ACCOUNT)
    lacking = (one for each in several for one in (*each.statements, *each.also_missing))
    statements = compose(dict.fromkeys(need for each in lacking for need in each.needs))
    tree = parse(before, file)
    if isinstance(tree, Mapping) and "RoleDetailList" in tree:
        raise Ungrantable(f"{file} is an answer of IAM: pass the file that creates the role {name}")
    after = (
        _template(file, name, several, statements) if _is_template(tree) else _policy(file, before, several, statements)
    )
    _check(read_role(after, file, name), statements, _facts(several), file)
    return file, before, after


def _is_template(tree: Any) -> bool:
    return isinstance(tree, Mapping) and "Resources" in tree


def _template(file: str, name: str, several: Sequence[Diagnosis], statements: Sequence[Statement]) -> str:
    reading = read(read_document(file))
    needs = [need for each in statements for need in each.needs]
    named = reading.template.resources if reading.template else {}
    for need in needs:
        own = set(named) if need.origin.document == reading.name else set()
        symbols = {each.name.partition(".")[0] for text in need.permission.texts for each in text_of(text).unknown}
        if foreign := symbols - own - set(PSEUDO_PARAMETERS):
            raise Ungrantable(f"the statement names {sorted(foreign)[0]}, which {file} does not have: add it yourself")
    logical_id = name if name in named else _only_role(named, name, file)
    role = SourceRole(Verification(needs[0].holder, Role(name, ()), None, (), (), (), ()), reading, logical_id)
    return changed_template(reading, role, [Lacked(each) for each in statements])


def _only_role(resources: Mapping[str, Mapping[str, Any]], name: str, file: str) -> str:
    """Return the logical ID of a role with this name, or of the only role."""
    roles = {each: one.get("Properties") or {} for each, one in resources.items() if one["Type"] == "AWS::IAM::Role"}
    found = [each for each, properties in roles.items() if name in ("", properties.get("RoleName"))]
    if len(found) != 1:
        raise Ungrantable(f"{file} has no role {name}")
    return found[0]


def _policy(file: str, text: str, several: Sequence[Diagnosis], statements: Sequence[Statement]) -> str:
    known = _facts(several)
    plain = [_plain(each, known, file) for each in document(statements)["Statement"]]
    tree = parse(text, file)
    failure: InvalidInput | None = None
    for place in _PLACES:
        try:
            around = tree
            for step in place:
                around = around[step]
            return edited_list(text, file, (*place, "Statement"), with_sids(plain, around))
        except (KeyError, TypeError):
            continue
        except InvalidInput as error:
            failure = failure or error
    raise Ungrantable(
        f"{failure.where}: {failure.what}: add it yourself" if failure else f"{file} is not a policy document"
    )


def _facts(several: Sequence[Diagnosis]) -> Facts:
    """Return the account and Region of the refused calls, from the messages."""
    denials = [denial for each in several for denial in each.understood.denials]
    accounts = (denial.principal.split(":")[4] for denial in denials if denial.principal.count(":") > 4)
    regions = (str(denial.arn.region) for denial in denials if denial.arn and denial.arn.region)
    return Facts(account=next(accounts, ""), region=next(regions, ""))


def _plain(value: Any, facts: Facts, file: str) -> Any:
    """Return a statement without symbols; raise Ungrantable for unknown values."""
    if isinstance(value, Mapping):
        return {name: _plain(each, facts, file) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, facts, file) for each in value]
    if not isinstance(value, Text):
        return value
    symbols = Home(facts.account, facts.region, partition_of(facts.region).plain).symbols
    text = value.replaced(
        lambda symbol: symbols.get(symbol.name) or symbol if isinstance(symbol, PseudoParameter) else symbol
    )
    for symbol in text.unknown:
        if not isinstance(symbol, PolicyVariable):
            raise Ungrantable(
                f"{file} is plain JSON, and {symbol.written or symbol.spelled} is unknown{_told(symbol.name)}"
            )
    return "".join(part if isinstance(part, str) else part.spelled.replace("${!", "${") for part in text.parts)


def _told(name: str) -> str:
    options = {"AWS::AccountId": "--account ID", "AWS::Region": "--region REGION", "AWS::Partition": "--region REGION"}
    return f": pass {options[name]}" if name in options else ""


def _check(role: Role, statements: Sequence[Statement], facts: Facts, file: str) -> None:
    """Raise Ungrantable if the role still lacks one of the needs."""
    needs = [need for each in statements for need in each.needs]
    for holder in dict.fromkeys(need.holder for need in needs):
        own = tuple(need for need in needs if need.holder is holder)
        judged = judge_uses(Uses(holder, own, facts), role, prove=False).judged
        if lacks := [each.need.permission.action for each in judged if each.outcome is not Outcome.ALLOWED]:
            raise Ungrantable(f"{file} would still not allow {', '.join(lacks)}: add it yourself")
