"""The gate before a task definition: does all exist that Amazon ECS reads when it starts a task?

Properties: References, a list of {ValueFrom, For, Use} or of ValueFrom alone (what ECS gets, who needs it, one of
USES); CheckJsonKeys, CheckKeys: "true" or "false"; DeploymentId, different each time (see _is_rollback); RoleArn, the
role to ask as where several share this function, without which it is the function's own. It calls:

- sts:AssumeRole, with RoleArn only. The trust policy of that role names this function's, which needs no permission
  then (STS/latest/APIReference/API_AssumeRole.html).
- secretsmanager:DescribeSecret: it exists, is not to be deleted, and has a value: AWSCURRENT comes with the first.
- secretsmanager:ListSecretVersionIds, for AWSPENDING and versions without a label only: DescribeSecret shows the
  first before it has a value, the second never (secretsmanager/latest/apireference/API_DescribeSecret.html).
- ssm:GetParameters without decryption: it exists, and its type. Plain values come along and are dropped, but
  DescribeParameters, which sends none, can be granted for all parameters only.
- secretsmanager:GetSecretValue and kms:Decrypt, with CheckJsonKeys only; kms:DescribeKey, with CheckKeys only.

Attributes: Checked, the number of references that were found usable; Tolerated, "none" or what cannot be used and was
let through; VersionsDigest, another when the current version of any changes; Version1, Version2 ... of each reference
in order, as many as the response can hold, the first 40 for certain.
"""

import hashlib
import re
import time
from typing import Any

from .custom_resource import Answer, Deadline, Request, clip, handle, log, seen
from .secret_gate import Gate, Group, NotAssumed, Results, as_role, boto3_client
from .secret_references import USES, Problem, Reference, parse

# How far ahead of this function's clock an honest one may be: AWS refuses signatures that are 5 minutes off, S3 15
# (IAM/latest/UserGuide/reference_sigv-signing-elements.html).
AHEAD_SECONDS = 15 * 60
TIME = re.compile(r"\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(\.\d+)?Z?")


def handler(event: Any, context: Any, clock: Any = time) -> None:
    """Answer one request of CloudFormation: the entry of the Lambda function."""
    handle(event, context, check, clock)


def check(request: Request) -> Answer:
    """Check every reference, and answer with all problems or with the versions that were found."""
    items = request.properties.get("References")
    if not isinstance(items, list):
        return Answer(False, f"References must be a list, not {type(items).__name__}: correct the template.")
    region, account = (request.function_arn.split(":") + [""] * 5)[3:5]
    switches = [str(request.properties.get(name)).lower() == "true" for name in ("CheckJsonKeys", "CheckKeys")]
    role, client = str(request.properties.get("RoleArn") or ""), boto3_client
    try:
        client = as_role(role, region, request.deadline) if role else boto3_client
    except NotAssumed as error:
        return _not_assumed(request, f"{seen(clip(role, 600))} cannot be assumed by the gate: {seen(str(error))}.")
    json_keys, keys = switches
    return _report(request, examine(items, region, account, request.deadline, json_keys, keys, client))


def examine(
    items: list[Any],
    region: str,
    account: str,
    deadline: Deadline,
    json_keys: bool = False,
    keys: bool = False,
    client: Any = boto3_client,
) -> Results:
    """For each item of References, in order: the version that ECS would get, or the problem with it.

    Region and account are the function's own, the switches those of the custom resource. AWS is asked through what
    client makes.
    """
    results: Results = {}
    pending: Group = []
    # An empty CommaDelimitedList arrives as one empty text.
    for number, item in enumerate((item for item in items if item != ""), 1):
        fields = item if isinstance(item, dict) else {"ValueFrom": item}
        given, needed_by, use = (str(fields.get(name) or "") for name in ("ValueFrom", "For", "Use"))
        reference = Reference(number, given, seen(needed_by) or f"reference {number}", use or USES[0])
        try:
            pending.append(parse(reference, region, account))
        except Problem as problem:
            results[reference] = problem
    Gate(deadline, results, json_keys, keys, client).run(pending)
    late = {each: Problem("late", each) for each in pending if each not in results}
    return dict(sorted({**results, **late}.items(), key=lambda pair: pair[0].number))


def _not_assumed(request: Request, what: str) -> Answer:
    tolerated = _is_rollback(request)
    log("WARNING" if tolerated else "ERROR", what, rollback=tolerated)
    if tolerated:
        return Answer(True, data={"Checked": "0", "Tolerated": what, "VersionsDigest": "unknown"})
    return Answer(False, f"{what} Its trust policy must name the gate's role: deploy the stack of that role again.")


def _is_rollback(request: Request) -> bool:
    # An earlier time as DeploymentId tells that CloudFormation restores an earlier deployment. To refuse would end
    # in UPDATE_ROLLBACK_FAILED, which only a person can fix, and would protect nothing: that one is in service.
    # A last id from the future tells nothing: every deployment is earlier than it.
    new, old = (_moment(str(side.get("DeploymentId"))) for side in (request.properties, request.previous))
    latest = time.strftime("%Y%m%d%H%M%S", time.gmtime(request.deadline.clock.time() + AHEAD_SECONDS))
    return new is not None and old is not None and new < old <= latest.ljust(20, "0")


def _moment(text: str) -> str | None:
    # In digits, down to the microsecond; before all others the default of the template.
    digits = re.sub(r"\D", "", text).ljust(20, "0")[:20]
    return "" if text == "initial" else digits if TIME.fullmatch(text) else None


def _report(request: Request, results: dict[Reference, str | Problem]) -> Answer:
    problems: dict[str, tuple[Problem, Group]] = {}
    for reference, result in results.items():
        if isinstance(result, Problem):
            problems.setdefault(result.what + result.remedy, (result, []))[1].append(reference)
    tolerated = bool(problems) and _is_rollback(request)
    for problem, users in problems.values():
        facts = {"problem": problem.code, "remedy": problem.remedy, "said": problem.said}
        where = [{"ValueFrom": each.shown, "For": clip(each.needed_by, 160)} for each in users]
        log("WARNING" if tolerated else "ERROR", problem.what, **facts, references=where)
    bad = sum(len(users) for _, users in problems.values())
    log("INFO", "checked", references=len(results), unusable=bad, rollback=tolerated)
    if bad and not tolerated:
        head = f"{bad} of {len(results)} references to secrets and parameters cannot be used:"
        lines = (f"{number}. {_sentence(*entry)}" for number, entry in enumerate(problems.values(), 1))
        return Answer(False, head, tuple(lines))
    versions = [result if isinstance(result, str) else "unknown" for result in results.values()]
    told = "; ".join(problem.what for problem, _ in problems.values())
    tolerance = clip(f"{bad} of {len(results)} references: {told}", 480) if bad else "none"
    pairs = sorted({f"{each.given}={version}" for each, version in zip(results, versions, strict=True)})
    digest = hashlib.sha256("\n".join(pairs).encode(errors="replace")).hexdigest()[:16]
    data = {f"Version{number}": version for number, version in enumerate(versions, 1)}
    checked = str(len(results) - bad)
    return Answer(True, data={"Checked": checked, "Tolerated": tolerance, "VersionsDigest": digest, **data})


def _sentence(problem: Problem, users: Group) -> str:
    shown = "; ".join(clip(each.needed_by, 160) for each in users[:4])
    more = f" and {len(users) - 4} more" if len(users) > 4 else ""
    return f"{problem.what}. Needed by {shown}{more}. {problem.remedy}"
