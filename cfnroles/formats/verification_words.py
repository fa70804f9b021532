"""The sentences of a verification, shared by its formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cfnroles.answers.excess import Excess, GrantedAction, Wide
from cfnroles.answers.trust import Trust
from cfnroles.answers.verification import THE_INSTANCE, THE_ROLE, Ground, Judged, Outcome, Use, Verification
from cfnroles.answers.verify import REST_OF_RESOURCE
from cfnroles.counted import counted as number_of
from cfnroles.iam.actions import expanded, is_pattern, matches_action
from cfnroles.iam.dangers import Danger
from cfnroles.iam.evaluator import Decision, StatementId
from cfnroles.iam.roles import Role
from cfnroles.need import Holder, Need, Origin, Standing
from cfnroles.page import Page, json_page
from cfnroles.policies import document
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.statements import Statement
from cfnroles.symbols import IMPORT, Cut, Import, InImage, Parameter, PseudoParameter
from cfnroles.template.expressions import expression
from cfnroles.template.intrinsics import plain, symbols
from cfnroles.text import Text, from_spelling, text_of
from cfnroles.written import as_written, in_terraform

#: The spelling of an import of a spec in a need.
_GIVEN_BY = {
    "KmsKeyArns": ("a customer managed key encrypts the secret or parameter", "--kms-key-arn ARN"),
}
#: Grounds about what a role grants, as opposed to what it allows of the needs.
_OF_GRANTS = frozenset(
    (
        *(Ground.OTHERS, Ground.DANGERS, Ground.EXCESS, Ground.UNREAD, Ground.UNSURE, Ground.APPLICATION),
        *(Ground.ABSENT, Ground.SHARED),
    )
)


def use_words(each: Verification) -> Iterator[str]:
    """Yield the users of the role in a template, and the conditions."""
    if each.use is None or not each.use.tasks:
        return
    several = "s" if len(each.use.tasks) > 1 else ""
    runners = (
        f"of {', '.join(each.use.runners)}, which run{'s'[: len(each.use.runners) == 1]}" if each.use.runners else "of"
    )
    yield f"{runners} the {each.use.noun}{several} {each.use.called}{_of_stack(each.use)}{_only(each.use.when)}"
    if others := [other for other in each.use.others if other not in each.use.runners]:
        yield f"and also of {', '.join(others)}"


def taken_words(each: Verification) -> str:
    """Return the assumed values of the parameters of the role's own template."""
    taken = each.use.taken if each.use else ()
    return (
        f"The role is judged with these values for the parameters of its template: {', '.join(taken)}." if taken else ""
    )


def only(each: Verification, told: object) -> str:
    """Return the template conditions of a result, in brackets; empty for none."""
    return _only(each.when(told)).lstrip()


def by_condition(
    each: Verification, what: object, statements: Sequence[Statement]
) -> Iterator[tuple[str, Sequence[Statement]]]:
    """Yield statements with their template conditions."""
    return ((when, tuple(several)) for when, several in groupby(statements, key=lambda one: each.when((what, one))))


def _only(when: str) -> str:
    return f" (only if {when})" if when else ""


def label(origin: Origin) -> str:
    """Return the name of a field in its container: ``secret DB_PASSWORD``, ``image``."""
    if origin.item:
        return origin.item
    path = origin.path[2:] if origin.path[:1] == ("containerDefinitions",) else origin.path
    return Origin("", path).pointer


def only_if(each: Verification, need: Need) -> str:
    """Return when a need exists that depends on a parameter, and the option for it."""
    if each.is_settled(need):
        names = " and ".join(name for name in need.permission.when if name in each.settled)
        return f"the parameter {names} has a value, and the role's template gives it none"
    told = [_GIVEN_BY.get(name, (f"the parameter {name} has a value", "")) for name in need.permission.when]
    options = " and ".join(option for _, option in told if option)
    return " and ".join(what for what, _ in told) + (f": pass {options}" if options else "")


def named(role: Role, statement: StatementId) -> str:
    """Return a statement by number and Sid, with its line in a template."""
    policy = next((policy for policy in role.policies if policy.name == statement.policy), None)
    if policy is None or not policy.lines:
        return str(statement)
    index = min(statement.index, len(policy.lines) - 1)
    document = policy.documents[index] if policy.documents else policy.where.rpartition(":")[0]
    return f"{statement}, {document}:{policy.lines[index]}"


def placed(role: Role, statement: StatementId) -> str:
    """Return a statement with its document."""
    policy = next((policy for policy in role.policies if policy.name == statement.policy), None)
    if policy is None or policy.lines or policy.where in ("", policy.name):
        return named(role, statement)
    return f"{statement}, {policy.where}"


def others_words(trust: Trust) -> list[str]:
    """Return who else can assume the role, a part for each; empty for no one."""
    *first, last = map(_principal, trust.others or ("",))
    return [*(f"{name}," for name in first), last, "can also assume the role"] if trust.others else []


def trust_words(trust: Trust) -> list[str]:
    """Return what the trust policy means for ECS; `others_words` has the rest."""
    service = trust.service
    first = {
        Decision.ALLOWED: f"{service} can assume the role",
        Decision.UNKNOWN: f"whether {service} can assume the role depends on {', '.join(trust.keys)}",
        Decision.EXPLICIT_DENY: f"{service} is denied to assume the role by {', '.join(trust.by)}",
        Decision.IMPLICIT_DENY: f"{service} cannot assume the role: no statement allows it",
    }[trust.decision]
    words = [f"{first}{f': {trust.problem}' if trust.problem else ''}"]
    if trust.open:
        words.append("(on behalf of any account, because no condition requires aws:SourceAccount)")
    return words


def wide_words(each: Verification, statement: StatementId, wide: Wide) -> str:
    """Return how a grant is wider than the needs that use it."""
    return f"{_wide(wide)}{_only(each.when((statement, ('wide', wide.grant))))}"


def _wide(wide: Wide) -> str:
    found = expanded(wide.grant.action)
    needed = sorted({permission.action for permission in wide.needed})
    count = f" ({len(found)} actions, {len(needed)} needed)" if wide.actions and found else ""
    lacking = f", without a condition on {' and '.join(wide.conditions)}" if wide.conditions else ""
    lacking += f", with a wider condition on {' and '.join(wide.looser)}" if wide.looser else ""
    if not wide.resources and not wide.actions:
        if not wide.conditions:
            return f"{wide.grant}: its condition on {' and '.join(wide.looser)} allows more values than are needed"
        return f"{wide.grant} is granted too widely{lacking.removeprefix(',')}"
    if needed == [wide.grant.action]:
        return f"{wide.grant}{lacking}: needed only on {', '.join(dict.fromkeys(p.resource for p in wide.needed))}"
    uses = "; ".join(
        f"{action} on {', '.join(dict.fromkeys(p.resource for p in wide.needed if p.action == action))}"
        for action in needed
    )
    return f"{wide.grant}{count}{lacking}: needed is only {uses}"


def unused_words(found: Excess, each: Verification) -> Iterator[str]:
    """Yield the unused grants of a statement, one sentence for each set of resources, and how to keep them."""
    for when, unused in groupby(found.unused, key=lambda grant: each.when((found.statement, grant))):
        for resources, grants in _by_resources(tuple(unused)):
            names = ", ".join(
                f"{action} ({len(expanded(action))} actions)" if is_pattern(action) and expanded(action) else action
                for action in grants
            )
            yield f"no need uses {names} on {', '.join(resources)}{_only(when)}"
    if caveat := _caveat(found, each):
        yield caveat


def _caveat(found: Excess, each: Verification) -> str:
    """Return a caution before removing what no known need uses; empty for none."""
    for need in {need.permission: need for need in each.hanging}.values():
        if any(matches_action(grant.action, need.permission.action) for grant in found.unused):
            return f"before you remove {need.permission.action}: it is needed if {only_if(each, need)}"
    if _may_decrypt_objects(found, each):
        return "before you remove kms:Decrypt: it is needed if it encrypts a file that is read: pass --file-key-arn ARN"
    return ""


def _may_decrypt_objects(found: Excess, each: Verification) -> bool:
    """Return whether an unused permission may be for the key of S3 objects that ECS reads, which is unknown."""
    needs = [judged.need for judged in each.judged]
    reads = any(need.permission.action == "s3:GetObject" for need in needs)
    told = any(
        need.permission.action == "kms:Decrypt" and any(value.startswith("s3.") for value in condition.values)
        for need in needs
        for condition in need.permission.conditions
    )
    unused = any(matches_action(grant.action, "kms:Decrypt") for grant in found.unused)
    return each.holder is Holder.EXECUTION and reads and unused and not told


def _by_resources(grants: Sequence[GrantedAction]) -> Iterable[tuple[tuple[str, ...], list[str]]]:
    resources: dict[str, list[str]] = {}
    for grant in grants:
        resources.setdefault(grant.action, []).append(grant.resource)
    actions: dict[tuple[str, ...], list[str]] = {}
    for action, found in resources.items():
        actions.setdefault(tuple(found), []).append(action)
    return actions.items()


def tight_words(found: Excess, each: Verification) -> str:
    """Return what to do about one statement."""
    if found.kept and not found.tight:
        return ""
    if found.tight:
        return f"replace it with{' what the application itself needs, and' * found.shared}:"
    return "remove it, unless that is so" if _caveat(found, each) else "remove it; nothing needs it"


def kept_words(found: Excess, each: Verification) -> str:
    """Return what must stay of a statement because what is unknown may use it; empty for nothing."""
    if not found.kept:
        return ""
    actions = {grant.action for grant in found.kept}
    theirs = actions.intersection((*each.application, *each.chosen))
    gaps = [gap.origin.pointer for gap in each.gaps if not actions.isdisjoint(gap.actions)]
    unknown = [one.need.origin.pointer for one in each.judged if one.outcome is Outcome.UNKNOWN and actions - theirs]
    place = " next to it" if found.tight else " in its place"
    of_key = ["a key"] if all(action.startswith("kms:") for action in actions) else []
    what = " and ".join(dict.fromkeys((*gaps, *unknown, *["the application"] * bool(theirs))) or of_key)
    needed = f"{what} may need" if what else "depends on an unknown value"
    return f"keep{place} what {needed}{', see the gaps' if gaps else ''}:"


def kept_statements(found: Excess, each: Verification) -> list[dict[str, Any]]:
    """Return what must stay of a statement, with its resources and conditions."""
    return [_written(one) if each.language == "hcl" else _rendered(one) for one in _kept(found, each)]


def kept_pasted(found: Excess, each: Verification) -> tuple[Page, str]:
    """Return the same to paste into a policy of the source, as ``pasted`` does."""
    if each.language != "hcl":
        return json_page(kept_statements(found, each)), "json"
    from cfnroles.targets.terraform.pasted_statements import hcl_of

    return hcl_of(_in_hcl(list(_kept(found, each))), *_pasted_into(each, found.statement)), each.language


def _kept(found: Excess, each: Verification) -> Iterator[dict[str, Any]]:
    policy = next((policy for policy in each.role.policies if policy.name == found.statement.policy), None)
    given = policy.document.get("Statement") if policy else None
    own = given[found.statement.index] if isinstance(given, list) else given
    condition = {"Condition": own["Condition"]} if isinstance(own, Mapping) and "Condition" in own else {}
    actions: dict[tuple[str, ...], list[str]] = {}
    for action in dict.fromkeys(grant.action for grant in found.kept):
        resources = tuple(grant.resource for grant in found.kept if grant.action == action)
        actions.setdefault(resources, []).append(action)
    for number, (on, names) in enumerate(actions.items(), start=1):
        yield {"Sid": _numbered("MayBeNeeded", number), "Effect": "Allow", "Action": names, **_on(on), **condition}


def _on(resources: Sequence[str]) -> dict[str, str | list[str]]:
    """Return the resources of a grant, which may be exclusions."""
    *_, last = resources
    if last[:4] == "NOT ":
        return {"NotResource": last.removeprefix("NOT ").split(", ")}
    return {"Resource": last if len(resources) == 1 else [*resources]}


def _numbered(sid: str, number: int) -> str:
    return sid if number == 1 else f"{sid}{number}"


def doubt_words(judged: Judged) -> str:
    """Return the evidence for a missing need, if it is not documented."""
    need = judged.need
    unproven = need.reason.standing is Standing.UNPROVEN
    bad = judged.outcome in (Outcome.MISSING, Outcome.DENIED)
    return need.reason.told if bad or (unproven and judged.outcome is Outcome.UNKNOWN) else ""


def doubtful(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield the statements that are not proved to be needed, and what of them is not."""
    for statement in statements:
        reasons = {need.reason for need in statement.needs}
        if all(reason.standing is Standing.UNPROVEN for reason in reasons):
            yield f"{statement.sid} is {' and '.join(sorted(reason.told for reason in reasons))}"


def ground_words(each: Verification) -> tuple[tuple[Ground, str], ...]:
    """Return the reasons why the role does not pass, one sentence each."""
    return tuple((ground, words) for ground in each.grounds for words in _grounds(each, ground))


def _grounds(each: Verification, ground: Ground) -> Iterator[str]:
    outcomes = Counter(judged.outcome for judged in each.judged)
    hanging = [need for need in each.hanging if not each.is_settled(need)]
    match ground:
        case Ground.NEEDS:
            bad = number_of(outcomes[Outcome.MISSING] + outcomes[Outcome.DENIED], "need")
            lacking = [j for j in each.judged if j.outcome in (Outcome.MISSING, Outcome.DENIED)]
            unproven = sum(j.need.reason.standing is Standing.UNPROVEN for j in lacking)
            doubt = f", {unproven} not shown to be needed" if unproven else ""
            yield f"{'there is no role for' if each.absence else 'it does not allow'} {bad}{doubt}"
        case Ground.NOT_TRUSTING | Ground.UNKNOWN_TRUST if each.trust is not None:
            yield trust_words(each.trust)[0]
        case Ground.OTHERS if each.trust is not None:
            yield f"its trust policy lets others assume it: {', '.join(map(_principal, each.trust.others))}"
        case Ground.DANGERS:
            yield from (f"it {danger_words(each, danger)}{_only(each.when(danger))}" for danger in each.dangers)
        case Ground.EXCESS:
            yield _excess_words(each)
        case Ground.UNREAD:
            yield f"{', '.join(each.unread)} could not be read"
        case Ground.UNKNOWN:
            yield f"whether it allows {number_of(outcomes[Outcome.UNKNOWN], 'need')} depends on an unknown value"
        case Ground.UNSURE:
            yield f"whether anything needs {', '.join(map(str, each.unsure))} depends on an unknown value"
        case Ground.HANGING:
            conditions = dict.fromkeys(only_if(each, need).partition(": pass")[0] for need in hanging)
            exist = f"{number_of(len(hanging), 'need')} exist{'s'[: len(hanging) == 1]}"
            yield f"{exist} only if {' or '.join(conditions)}"
        case Ground.GAPS:
            yield f"{number_of(len(each.gaps), 'need')} cannot be named"
        case Ground.APPLICATION:
            yield f"unknown whether the application needs {', '.join(each.application)}"
        case Ground.ABSENT:
            yield f"the role is not in this {each.absence.inside if each.absence else 'template'}"
        case Ground.SHARED if each.use is not None:
            others = ", ".join(each.use.others)
            yield f"{others} may need what it grants beyond, so that nothing is called too much"


def _excess_words(each: Verification) -> str:
    count = len(each.excess)
    return f"{number_of(count, 'statement')} grant{'s'[: count == 1]} more than is needed"


def _principal(name: str) -> str:
    return f"{name} (anyone whom no condition excludes)" if name == "*" else name


def danger_words(each: Verification, danger: Danger) -> str:
    """Return the risk of the role, and its statements."""
    return f"{danger.what} ({' and '.join(named(each.role, statement) for statement in danger.by)})"


def by_words(each: Verification, judged: Judged) -> str:
    """Return the statements that decide an outcome."""
    names = " and ".join(named(each.role, statement) for statement in judged.by)
    if judged.boundary:
        return f"not within the permissions boundary {judged.boundary}"
    if judged.unless_denied:
        allowing = " and ".join(named(each.role, statement) for statement in judged.unless_denied)
        return f"allowed by {allowing}, unless denied by {' or '.join(judged.keys)}"
    if judged.outcome is Outcome.UNKNOWN:
        return f"depends on {', '.join(judged.keys)}" + (f", in {names}" if names else "")
    if judged.outcome is Outcome.ALLOWED and judged.keys:
        return f"by {' and '.join(judged.keys)}"
    return f"by {names}" if names else ""


def remedies(each: Verification) -> tuple[str, ...]:
    """Return how to determine what a verification leaves unknown."""
    keys = {key for judged in each.judged if judged.outcome is Outcome.UNKNOWN for key in judged.keys}
    if each.trust is not None and each.trust.decision is Decision.UNKNOWN:
        keys |= set(each.trust.keys)
    told = {_remedy(key, each) for key in keys - set(each.unread)}
    unread = (
        f"{u.label}{f' ({u.where})' if u.where else ''} is not read: {u.why}. {u.remedy.rstrip('.')}."
        for u in each.role.all_unread
    )
    absent = (each.absence.remedy,) if each.absence and each.absence.remedy else ()
    return (*absent, *sorted(told - {""}), *unread, *_untold(each))


def _untold(each: Verification) -> Iterator[str]:
    """Yield how to give what the needs depend on, and the application's permissions."""
    for name in dict.fromkeys(name for need in each.hanging for name in need.permission.when):
        if name not in each.settled and name in _GIVEN_BY:
            yield (
                f"Pass {_GIVEN_BY[name][1]}, or --aws-managed-keys if no customer managed key encrypts a secret or"
                " parameter."
            )
    if each.application:
        yield (
            "Say in a service spec what the application may do, under task-role, and verify the role against the spec."
            " `cfnroles init` writes a first one; with --from-role it takes over what the role allows."
        )


def _remedy(key: str, each: Verification) -> str:
    if key in each.cures:
        return each.cures[key]
    if IMPORT in key:
        # A part of the value, such as its account, is unknown because the value is.
        export = key.partition(IMPORT)[2].partition("[")[0]
        return f"The value of the export {export} is unknown: compare it with the role yourself."
    if key.startswith("the policy of the "):
        return f"{key[:1].upper()}{key[1:]} names the role, and may allow or deny this: review it."
    if key == THE_ROLE:
        return ""  # the message already says how to give it
    if key == THE_INSTANCE:
        return (
            "Without an execution role, the role of the container instances pulls images and writes logs: verify that"
            " one."
        )
    if key in ("the account", "the Region"):
        return f"Pass --{key.removeprefix('the ').lower()}: the documents do not say {key} of the task."
    if key == REST_OF_RESOURCE:
        return (
            "The role names one thing where the task definition leaves open which one it is, such as a secret's six"
            " characters: give the complete ARN in the task definition, or compare the two yourself."
        )
    if key == "aws:SourceArn" and each.holder is Holder.EXECUTION:
        return "AWS does not document that ECS sends aws:SourceArn when it assumes an execution role."
    if kind := next((kind for kind in ROLE_KINDS if f"${{{key}}}" == kind.arn), None):
        return f"The {kind.holder} has no ARN before it is deployed: check the ARN in the role yourself."
    if key.split(".")[0] in each.role.parameters:
        return f"Pass --parameter {key.split('.')[0]}=VALUE."
    return (
        f"Pass --context {key}=VALUE."
        if ":" in key and "(" not in key
        else f"{key} is unknown before the stack is deployed: pass the role with --live."
    )


def in_own_terms(verifications: Sequence[Verification]) -> Sequence[Verification]:
    """Return the verifications in the terms of their source's language."""
    from cfnroles.answers.configuration_texts import in_terms_of_terraform

    return [in_terms_of_terraform(each) if each.language == "hcl" else each for each in verifications]


def pasted(each: Verification, statements: Sequence[Statement], instead: object = None) -> tuple[Page, str]:
    """Return statements to paste into a policy of the source, and their language.

    They have the form of the policy whose statement they replace, otherwise that of the role's first policy.
    """
    if each.language != "hcl":
        return statements_json(statements), "json"
    from cfnroles.targets.terraform.pasted_statements import statements_hcl

    return statements_hcl(statements, *_pasted_into(each, instead)), each.language


def _pasted_into(each: Verification, instead: object) -> tuple[str, str]:
    """Return the address of the statements, and the form of the policy."""
    address = each.use.tasks[0] if each.absence and each.use else each.role.name
    named = [one for one in each.role.policies if isinstance(instead, StatementId) and one.name == instead.policy]
    forms = [policy.form for policy in named or each.role.policies if policy.form]
    return address, forms[0] if forms else ""


#: How to find the values of symbols in a statement.
_TELLING = {
    "AWS::AccountId": "--account ID",
    "AWS::Region": "--region REGION",
    "AWS::Partition": "--region REGION",
    "KmsKeyArns": "--kms-key-arn ARN",
}


def plain_words(each: Verification, statements: Sequence[Statement]) -> str:
    """Return how to convert statements to plain JSON, for a role with such policies; otherwise empty."""
    if not each.role.is_plain:
        return ""
    told = document(statements)["Statement"] if statements else []
    named = {symbol.name for one in told for symbol in _symbols_in(one)}
    options = dict.fromkeys(_TELLING.get(name, f"the value of {name}") for name in sorted(named))
    return f"As a template accepts it: for plain JSON, pass {' and '.join(options)}." if options else ""


def _symbols_in(value: Any) -> Iterator[PseudoParameter | Parameter]:
    if isinstance(value, str):
        yield from (each for each in text_of(value).symbols if isinstance(each, (PseudoParameter, Parameter)))
    elif isinstance(value, Mapping):
        yield from (each for member in value.values() for each in _symbols_in(member))
    elif isinstance(value, list):
        yield from (each for element in value for each in _symbols_in(element))


#: Functions that cut a value would fill a screen on lines of their own.
_FUNCTIONS = frozenset({"Fn::Join", "Fn::Select"})


def statements_json(statements: Sequence[Statement]) -> Page:
    """Return statements to paste into a policy. A text with symbols is an ``Fn::Sub``, which only templates accept."""
    return json_page([_rendered(statement) for statement in document(statements)["Statement"]], _FUNCTIONS)


def statements_tree(each: Verification, statements: Sequence[Statement]) -> Any:
    """Return statements for JSON: in the form of a template, or with the expressions of a configuration in texts."""
    made = document(statements)["Statement"] if statements else []
    return [_written(one) if each.language == "hcl" else _rendered(one) for one in made]


def _written(value: Any) -> Any:
    return _in_hcl(value, lambda text: in_terraform(text).written)


def _in_hcl(value: Any, spelled: Callable[[Text], str] = as_written) -> Any:
    """Return the texts in the user's Terraform spelling; those of a role that was read use that of `Fn::Sub`."""
    if isinstance(value, str):
        return spelled(value if isinstance(value, Text) else from_spelling(value))
    if isinstance(value, Mapping):
        return {key: _in_hcl(member, spelled) for key, member in value.items()}
    return [_in_hcl(element, spelled) for element in value] if isinstance(value, list) else value


def summary(each: Verification) -> str:
    """Return one line: the role, the verdict, and its counts."""
    return f"{_tasks(each)}{each.holder}: {each.verdict}: {counted(each)}"


def _tasks(each: Verification) -> str:
    """Return the task definitions with the role; those of a CDK app by construct, or by stack if that is unknown."""
    if not each.use or not each.use.tasks:
        return ""
    if each.use.stack and each.use.constructs and all(each.use.constructs):
        return f"{', '.join(each.use.constructs)}, "
    return f"{', '.join(each.use.tasks)}{_of_stack(each.use)}, "


def _of_stack(use: Use) -> str:
    return f" of {use.stack}" if use.stack else ""


def counted(each: Verification) -> str:
    """Return the counts of the verdict in one line."""
    counts = Counter(judged.outcome for judged in each.judged)
    told = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome] or outcome is Outcome.ALLOWED]
    grounds = [words for ground, words in _of_role(each) if ground in each.grounds]
    clean = _OF_GRANTS.isdisjoint(each.grounds)
    return "; ".join([", ".join(told), *grounds, *["no excess"][:clean]])


def _of_role(each: Verification) -> Iterator[tuple[Ground, str]]:
    yield Ground.OTHERS, "others may assume it"
    yield Ground.DANGERS, "it has risky permissions that nothing needs"
    yield Ground.EXCESS, _excess_words(each)
    yield Ground.UNREAD, f"{number_of(len(each.unread), 'part')} of it could not be read"
    yield Ground.UNSURE, f"{number_of(len(each.unsure), 'grant')} may be more than is needed"
    hanging = sum(not each.is_settled(need) for need in each.hanging)
    yield Ground.HANGING, f"{number_of(hanging, 'need')} depend{'s'[: hanging == 1]} on an unknown value"
    yield Ground.GAPS, number_of(len(each.gaps), "gap")
    actions = number_of(len(each.application), "action")
    yield Ground.APPLICATION, f"unknown whether the application needs {actions}"
    yield Ground.ABSENT, f"not in this {each.absence.inside if each.absence else 'template'}"
    yield Ground.SHARED, "what it grants beyond is not judged"


def _rendered(value: Any) -> Any:
    if isinstance(value, Text) and any(isinstance(symbol, Cut | InImage) for symbol in value.symbols):
        # A cut value has no form in Fn::Sub.
        return expression(value)
    if isinstance(value, str):
        return _function(value) if symbols(value) else plain(value)
    if isinstance(value, dict):
        return {key: _rendered(member) for key, member in value.items()}
    return [_rendered(element) for element in value] if isinstance(value, list) else value


def _function(text: str) -> dict[str, Any]:
    exports = [name for name in symbols(text) if name.startswith(IMPORT)]
    if [f"${{{name}}}" for name in exports] == [text]:
        return {"Fn::ImportValue": _export(exports[0])}
    if not exports:
        return {"Fn::Sub": text}
    values = {}
    for number, name in enumerate(dict.fromkeys(exports), start=1):
        text = text.replace(f"${{{name}}}", f"${{Import{number}}}")
        values[f"Import{number}"] = {"Fn::ImportValue": _export(name)}
    return {"Fn::Sub": [text, values]}


def _export(symbol: str) -> Any:
    """Return the name of an export in a template, which may depend on its parameters."""
    name = Import(symbol).export
    return {"Fn::Sub": name} if symbols(name) else name
