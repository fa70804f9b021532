"""What is asked of AWS about secrets and parameters: side by side, at a pace, and again where patience may help."""

import itertools
import json
import math
import random
import re
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from .custom_resource import Deadline, clip, log, seen
from .secret_references import USES, Problem, Reference, usable

# Enough to wait for AWS and not for the processor, of which a small function has a fraction.
CONCURRENCY = 12
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 2, 4, 3
# Calls per second; an account has 40 and 50 (general/latest/gr/ssm.html, secretsmanager/.../reference_limits.html).
PACES = {"get_parameters": 30, "list_secret_version_ids": 30}
NAMES_PER_CALL = 10
# Secrets Manager is eventually consistent, and so is IAM just after it made the role of this function.
PAUSES, PATIENCE = (0.5, 1.5), 6.0
ROLE_PATIENCE = 15.0
THROTTLED = re.compile("Throttl|TooManyRequests|RequestLimitExceeded")
# Members of which every answer has one: of what is not JSON botocore makes an answer without any.
ESSENTIAL = {"ARN", "Parameters", "InvalidParameters", "KeyMetadata"}
UNREACHABLE = re.compile("Timeout|Connection|SSLError|ProxyError")

FINAL = ("malformed", "type", "foreign", "foreign-key", "unanswered")  # what patience cannot cure

Group = list[Reference]
Results = dict[Reference, str | Problem]  # its version, or why there is none


def boto3_client(service: str, region: str, credentials: Any = None, **settings: Any) -> Any:
    """A client of boto3 with settings of botocore's Config, and the function's own credentials or others."""
    # Imported here, so that CloudFormation gets an answer even where that fails.
    import boto3
    from botocore.config import Config

    make: Any = boto3.client
    return make(service, region, config=Config(**settings), **(credentials or {}))


class NotAssumed(Exception):
    """The function cannot act as the role that it was given; the text has AWS's code and nothing that it said."""

    __slots__ = ()


def as_role(role: str, region: str, deadline: Deadline, client: Any = boto3_client) -> Any:
    """What makes clients that act as a role: one whose trust policy names the role of this function."""
    sts = client("sts", region, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
    until = deadline.clock.monotonic() + min(ROLE_PATIENCE, deadline.left() / 2)
    while True:
        try:
            given = sts.assume_role(RoleArn=role, RoleSessionName="cfnroles-gate", DurationSeconds=900)["Credentials"]
            break
        except Exception as error:  # noqa: BLE001 - botocore's errors have no common base
            response = getattr(error, "response", None) or {}
            code = str(response.get("Error", {}).get("Code") or type(error).__name__)
        # The role may be seconds old, and IAM is eventually consistent; what AWS cannot parse, it never will.
        if deadline.clock.monotonic() >= until or not re.match("AccessDenied|Throttl|.*Timeout|.*Connection", code):
            raise NotAssumed(code)
        deadline.clock.sleep(1.0)
    names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
    keys = {name: given[key] for name, key in {**names, "aws_session_token": "SessionToken"}.items()}
    return lambda service, region, **settings: client(service, region, credentials=keys, **settings)


class Gate:
    """The checks of one request."""

    def __init__(
        self, deadline: Deadline, results: Results, json_keys: bool, keys: bool, client: Any = boto3_client
    ) -> None:
        self.deadline, self.results, self.json_keys, self.keys, self.client = deadline, results, json_keys, keys, client
        self.clock = deadline.clock
        self.clients: dict[tuple[str, str], Any] = {}
        self.answering: set[tuple[str, str]] = set()
        self.silent: dict[tuple[str, str], str] = {}
        self.slots: dict[str, float] = {}
        self.lock = threading.Lock()

    def run(self, references: Group) -> None:
        """Check all, then again what patience may cure. What there is no time for has no result."""
        began = self.clock.monotonic()
        for pause in (*PAUSES, None):
            round_began = self.clock.monotonic()
            queue = deque(self._jobs(references))
            count = min(CONCURRENCY, len(queue))
            threads = [threading.Thread(target=self._work, args=(queue,), daemon=True) for _ in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(self.deadline.left())
            found = [(each, self.results.get(each)) for each in references]
            references = [each for each, one in found if isinstance(one, Problem) and one.code not in FINAL]
            # A thousand misses are no matter of consistency, and a failing gate must fail in seconds.
            needed = (pause or 0) + self.clock.monotonic() - round_began
            enough = min(self.deadline.left() / 2, PATIENCE - (self.clock.monotonic() - began))
            if not references or pause is None or needed > enough:
                return
            self.clock.sleep(pause)

    def _work(self, queue: deque[Group]) -> None:
        while queue and self.deadline.left():
            try:
                group = queue.popleft()
                (self._parameters if group[0].service == "ssm" else self._secret)(group)
            except IndexError:
                return  # another thread was faster
            except Problem as problem:
                self._settle(group, problem)
            except Exception as error:  # noqa: BLE001 - an answer of AWS that is not what it should be
                self._settle(group, Problem("unanswered", group[0], f"{type(error).__name__} in its answer"))

    def _settle(self, group: Group, problem: Problem) -> None:
        for each in group:
            self.results[each] = Problem(problem.code, each, problem.detail, problem.said)

    def _jobs(self, references: Group) -> Iterator[Group]:
        # What to ask in one call: for one secret, however often it is used, or for ten parameters.
        groups: dict[tuple[str, str, tuple[str, ...]], Group] = {}
        for each in references:
            groups.setdefault((each.service, each.region, each.names), []).append(each)
        queues: dict[tuple[str, int], list[Group]] = {}
        for (service, region, names), group in groups.items():
            # What failed before is asked for alone, lest it spoil another batch.
            alone = service == "secretsmanager" or group[0] in self.results
            limit = 1 if alone else NAMES_PER_CALL // len(names)
            queues.setdefault((region, limit), []).append(group)
        for (_, limit), queue in queues.items():
            for start in range(0, len(queue), limit):
                yield list(itertools.chain(*queue[start : start + limit]))

    def _secret(self, group: Group) -> None:
        stages = self._stages(group[0])
        keys: dict[tuple[str, str], dict[str, bool]] = {}
        for each in group:
            try:
                version = self._version(each, stages)
                if self.json_keys:
                    self._value(each, keys)
                self.results[each] = version
            except Problem as problem:
                self.results[each] = problem

    def _stages(self, secret: Reference) -> dict[str, list[str]]:
        description = self._call(secret, "describe_secret", SecretId=secret.names[0])
        key, state = description.get("KmsKeyId"), "Enabled"
        if description.get("DeletedDate"):
            raise Problem("deleted", secret)
        if secret.foreign and not key:
            raise Problem("foreign-key", secret)
        if self.keys and key:
            try:
                state = self._call(secret, "describe_key", "kms", KeyId=key)["KeyMetadata"]["KeyState"]
            except Problem as problem:
                if problem.code == "unanswered":
                    raise
                state = "missing, or access is denied"
        # https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
        if state not in ("Enabled", "Updating"):
            raise Problem("key", secret, f"{key} is {state}")
        return description.get("VersionIdsToStages") or {}

    def _version(self, secret: Reference, stages: dict[str, list[str]]) -> str:
        stage = secret.stage or ("" if secret.version else "AWSCURRENT")
        labelled = [version for version, labels in stages.items() if stage in labels]
        version = secret.version or "".join(labelled[:1])
        if not version and (not stages or not secret.stage):
            raise Problem("empty", secret, " (no version is AWSCURRENT)" if stages else "")
        if stage and version not in labelled:
            raise Problem("version", secret, f"{version} with the label {stage}".lstrip())
        if set(stages.get(version, ())) <= {"AWSPENDING"} and version not in self._listed(secret):
            raise Problem("version", secret, f"{version} with a value")
        return version

    def _listed(self, secret: Reference) -> set[str]:
        ids: set[str] = set()
        page: dict[str, Any] = {"SecretId": secret.names[0], "IncludeDeprecated": True}
        while True:
            answer = self._call(secret, "list_secret_version_ids", **page)
            ids |= {each["VersionId"] for each in answer.get("Versions", ())}
            if not answer.get("NextToken"):
                return ids
            page["NextToken"] = answer["NextToken"]

    def _value(self, secret: Reference, known: dict[tuple[str, str], dict[str, bool]]) -> None:
        # The value goes no further than this method.
        wanted = {"username", "password"} if secret.use in USES[1:3] else {secret.json_key} - {""}
        place = (secret.stage, secret.version)
        if wanted and place not in known:
            query = {"SecretId": secret.names[0], "VersionStage": secret.stage, "VersionId": secret.version}
            answer = self._call(secret, "get_secret_value", **{name: each for name, each in query.items() if each})
            known[place] = _texts(answer.get("SecretString", ""), secret)
        found = known.get(place, {})
        if missing := sorted(wanted - found.keys()):
            raise Problem("json-key", secret, f"lacks the JSON key {' and '.join(map(repr, missing))}")
        if others := sorted(each for each in wanted if not found[each]):
            what = f"ECS delivers {clip(' and '.join(others), 240)} of {secret} as Go prints it: it is not a string"
            log("WARNING", what, For=clip(secret.needed_by, 160))

    def _parameters(self, group: Group) -> None:
        # At once, or one by one if that is refused: AWS does not say for which of them.
        names = list(dict.fromkeys(name for each in group for name in each.names))
        try:
            answer = self._call(group[0], "get_parameters", Names=names, WithDecryption=False)
        except Problem as problem:
            if problem.code == "unanswered" or len({each.names for each in group}) == 1:
                raise
            for _, users in itertools.groupby(group, lambda each: each.names):
                self._work(deque([list(users)]))
            return
        found = {each["Name"]: (each["Type"], str(each["Version"])) for each in answer.get("Parameters", ())}
        del answer  # values
        for each in group:
            kind, version = next((found[name] for name in each.names if name in found), ("", ""))
            try:
                self.results[each] = usable(each, kind, version)
            except Problem as problem:
                self.results[each] = problem

    def _call(self, reference: Reference, operation: str, service: str = "", **arguments: Any) -> Any:
        place = (service or reference.service, reference.region)
        method = getattr(self._client(reference, *place), operation)
        for attempt in itertools.count(1):
            self._keep_pace(operation)
            if place in self.silent:  # once is enough to wait for that
                raise Problem("unanswered", reference, self.silent[place])
            failure = "MalformedResponse"
            try:
                answer = method(**arguments)
                if ESSENTIAL & answer.keys():
                    self.answering.add(place)
                    return answer
            except Exception as error:  # noqa: BLE001 - botocore's errors have no common base
                failure = _transient(error, reference, f"{place[0]}:{operation.title().replace('_', '')}")
            pause = random.uniform(0.1, min(3.0, 0.2 * 2**attempt))  # noqa: S311 - jitter
            if (attempt >= ATTEMPTS and not THROTTLED.search(failure)) or self.deadline.left() <= pause:
                break
            self.clock.sleep(pause)
        detail = f"{place[0]} in {place[1]} failed {attempt} times, last with {failure}"
        if UNREACHABLE.search(failure) and place not in self.answering:
            self.silent[place] = detail
        raise Problem("unanswered", reference, detail)

    def _client(self, reference: Reference, service: str, region: str) -> Any:
        with self.lock:  # making clients is not thread-safe, using them is
            try:
                if (service, region) not in self.clients:
                    settings: Any = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
                    settings |= {"max_pool_connections": CONCURRENCY, "retries": {"total_max_attempts": 1}}
                    self.clients[service, region] = self.client(service, region, **settings)
                return self.clients[service, region]
            except Exception as error:  # noqa: BLE001 - an unknown Region, a broken installation
                kind = f"{type(error).__name__} {getattr(error, 'name', '')}".rstrip()
                raise Problem("unanswered", reference, f"no client for {service} in {region} ({kind})") from None

    def _keep_pace(self, operation: str) -> None:
        if operation in PACES:
            with self.lock:
                slot = max(self.slots.get(operation, 0.0), self.clock.monotonic())
                self.slots[operation] = slot + 1 / PACES[operation]
            self.clock.sleep(min(max(0.0, slot - self.clock.monotonic()), self.deadline.left()))


def _texts(value: str, secret: Reference) -> dict[str, bool]:
    # The keys of a JSON object, and whether a text is their value; what ECS's own reader refuses is refused:
    # https://github.com/aws/amazon-ecs-agent/blob/master/agent/asm/asm.go (GetSecretFromASMWithInput)
    try:
        members = json.loads(value, parse_int=_number, parse_float=_number, parse_constant=_number)
    except RecursionError:
        raise Problem("json-key", secret, "is JSON that is nested too deeply to find its keys") from None
    except OverflowError:
        raise Problem("json-key", secret, "is JSON with a number that is too large for ECS to read") from None
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise Problem("json-key", secret, "is not a JSON object stored as text (SecretString)")
    return {key: isinstance(member, str) for key, member in members.items()}


def _number(text: str) -> float:
    if text[-1] in "Ny":  # NaN and Infinity are Python's own
        raise ValueError
    if math.isinf(number := float(text)):
        raise OverflowError
    return number


def _transient(error: Exception, reference: Reference, action: str) -> str:
    # The name of a failure that is worth another attempt; but not the text of a parser's error, which quotes the
    # response, and that may hold a value.
    response = getattr(error, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return type(error).__name__
    code, said = (clip(seen(str(response["Error"].get(name, ""))), 600) for name in ("Code", "Message"))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or status == 429 or THROTTLED.search(code):
        return "Throttling" if status == 429 else code
    if code.startswith("AccessDenied"):
        raise Problem("denied", reference, action, said)
    if code == "ResourceNotFoundException":
        hint = " The last six characters were read as the suffix that AWS adds, a new one each time it is created."
        raise Problem("missing", reference, hint if re.search(r"-\w{6}$", reference.names[0]) else "", said)
    raise Problem("refused", reference, f"{code} to {action}: {clip(said, 200)}", said)
