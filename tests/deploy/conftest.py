"""A CloudFormation that follows a script, a real emulator, and the command line to drive both."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cfnroles.aws.caller import Caller
from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import Refused
from cfnroles.aws.secret_validator import Examined
from cfnroles.aws.stack import ChangeSet, Event, Export, ResourceChange, StackDescription, StackResource
from cfnroles.cli import main
from cfnroles.deploy.plan import Run
from cfnroles.document import parse
from cfnroles.emulator import environment_for
from tests.answers_in_json import check_form
from tests.clock import WoundClock

STACKS = Path(__file__).parent / "stacks"


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def cfnroles(capsys):
    """Run a command line and return how it ended."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        check_form([str(argument) for argument in arguments], captured.out)
        return Answer(ended.value.code, captured.out, captured.err)

    return run


@dataclass
class Kept:
    """A stack as the double keeps it; ``then`` is what it becomes, one step at each look."""

    name: str
    id: str
    status: str
    reason: str = ""
    template: str = '{"Resources": {}}'
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=lambda: {"cfnroles:project": "shop"})
    protected: bool = False
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    requests: dict[str, object] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    then: deque = field(default_factory=deque)


IN_PLACE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"} | {
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_FAILED",
}


@pytest.fixture
def began(monkeypatch):
    """A function that sets this machine's clock, as a deployment reads it."""

    def set_clock(moment):
        monkeypatch.setattr(Run, "new", classmethod(lambda cls: cls(moment, secrets.token_hex(4))))

    return set_clock


#: Whom the double takes the caller for, and what it finds of every reference.
CALLER = Caller("123456789012", "arn:aws:iam::123456789012:user/deployer")
USABLE = Examined("reference", version="1")


class Double:
    """CloudFormation in memory: refuses what AWS refuses, and ends operations as a test scripts them.

    ``script[stack, call]`` lists the steps of an operation: (status,) or (status, reason) of the stack, or
    (status, reason, resource, type) of a resource in it.
    """

    is_local = True
    endpoint_url = "http://127.0.0.1:1"
    region = "us-east-1"

    def __init__(self):
        self.stacks: dict[str, Kept] = {}
        self.script: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        self.failing_change_sets: dict[str, tuple[str, tuple[Event, ...]]] = {}
        self.changes: dict[str, tuple[ResourceChange, ...]] = {}
        self.refusals: dict[tuple[str, str], Refused] = {}
        self.capabilities: dict[str, str] = {}
        self.imports: dict[str, tuple[str, ...]] = {}
        self.exported: dict[str, str] = {}
        self.physical: dict[str, str] = {}
        self.calls: list[str] = []
        self._ids = itertools.count(1)
        self._clock = datetime(2026, 1, 31, 12, tzinfo=UTC)
        document = json.loads((STACKS / "stacks.json").read_text())
        self._exports = {item["name"]: item["exports"] for item in document["stacks"]}

    def has(self, name, status, **more):
        """Put a stack in place."""
        kept = Kept(name, self._id(name), status, **more)
        self.stacks[kept.id] = kept
        if status in IN_PLACE:
            self.exported |= dict.fromkeys(self._exports.get(name, ()), kept.id)
        return kept

    def named(self, name):
        """The stack that has a name or id now, as the double keeps it."""
        if name in self.stacks:
            return self.stacks[name]
        live = [kept for kept in self.stacks.values() if kept.name == name and kept.status != "DELETE_COMPLETE"]
        return live[-1] if live else None

    def _id(self, name):
        return f"arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/{next(self._ids)}"

    def _asked(self, call, text):
        """A call that changes nothing: not recorded, and refused by a part of what it is asked about."""
        for (refused, part), refusal in self.refusals.items():
            if refused == call and part in text:
                raise refusal

    def _called(self, call, name):
        self.calls.append(f"{call} {name}")
        if refusal := self.refusals.get((call, name)):
            raise refusal

    # What the gateway offers.

    def stack(self, name):
        kept = self.named(name)
        if kept is None:
            return None
        if kept.then:
            self._step(kept)
        return StackDescription(
            kept.id,
            kept.name,
            kept.status,
            kept.reason,
            tuple(sorted(kept.parameters.items())),
            tuple(sorted(kept.outputs.items())),
            tuple(sorted(kept.tags.items())),
            kept.protected,
            self._clock,
        )

    def template(self, name):
        return self.named(name).template

    def resources(self, stack):
        tree = parse(self.named(stack).template, "template")
        return tuple(StackResource(name, item["Type"]) for name, item in tree["Resources"].items())

    def exports(self):
        return tuple(Export(name, "value", stack_id) for name, stack_id in self.exported.items())

    def importers(self, export):
        return self.imports.get(export, ())

    def validate_template(self, *, body="", url=""):
        self._asked("ValidateTemplate", body)
        return tuple(name for part, name in self.capabilities.items() if part in body)

    def create_change_set(self, request):
        self._called("CreateChangeSet", request.stack)
        kept = self.named(request.stack)
        if request.type == "CREATE" and kept is None:
            kept = self.has(request.stack, "REVIEW_IN_PROGRESS")
        elif kept is None:
            raise Refused("CreateChangeSet", "ValidationError", f"Stack [{request.stack}] does not exist")
        elif (request.type == "CREATE") != (kept.status == "REVIEW_IN_PROGRESS") or (
            request.type == "UPDATE" and kept.status not in IN_PLACE
        ):
            message = f"Stack:{kept.id} is in {kept.status} state and can not be updated."
            raise Refused("CreateChangeSet", "ValidationError", message)
        made = ChangeSet(
            f"arn:aws:cloudformation:us-east-1:123456789012:changeSet/{request.name}/{next(self._ids)}",
            request.name,
            request.stack,
            kept.id,
            "CREATE_PENDING",
        )
        reason, _ = self.failing_change_sets.get(request.stack, ("", ()))
        changes = self.changes.get(request.stack, (ResourceChange("Modify", "Thing", "AWS::IAM::Role"),))
        kept.change_sets[made.id] = (
            replace(made, status="FAILED", reason=reason, execution="UNAVAILABLE")
            if reason
            else replace(made, status="CREATE_COMPLETE", execution="AVAILABLE", changes=changes)
        )
        kept.requests[made.id] = request
        return made

    def change_set(self, change_set):
        return self.named(change_set.stack_id).change_sets[change_set.id]

    def change_sets(self, stack):
        return tuple(self.named(stack).change_sets.values())

    def delete_change_set(self, change_set):
        self._called("DeleteChangeSet", change_set.stack)
        self.named(change_set.stack_id).change_sets.pop(change_set.id, None)

    def execute_change_set(self, change_set, *, token, disable_rollback=False, creating=False):
        self._called("ExecuteChangeSet" + (" without rollback" if disable_rollback else ""), change_set.stack)
        kept = self.named(change_set.stack_id)
        request = kept.requests[change_set.id]
        kept.change_sets.clear()
        kept.parameters = {**{key: kept.parameters[key] for key in request.previous}, **dict(request.parameters)}
        kept.template, kept.tags = request.template, dict(request.tags)
        kind = "CREATE" if kept.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        self._start(kept, "ExecuteChangeSet", token, [(f"{kind}_IN_PROGRESS",), (f"{kind}_COMPLETE",)])

    def delete_stack(self, stack_id, *, token, role_arn="", retain=()):
        assert stack_id in self.stacks, "by its name, a stack created meanwhile would be deleted"
        kept = self.named(stack_id)
        self._called("DeleteStack", kept.name)
        if kept.protected:
            message = f"Stack [{kept.name}] cannot be deleted while TerminationProtection is enabled"
            raise Refused("DeleteStack", "ValidationError", message)
        if kept.status == "REVIEW_IN_PROGRESS":
            kept.status = "DELETE_COMPLETE"
            return
        self._start(kept, "DeleteStack", token, [("DELETE_IN_PROGRESS",), ("DELETE_COMPLETE",)])

    def roll_back_stack(self, stack_id, *, token, role_arn=""):
        kept = self.named(stack_id)
        self._called("RollbackStack", kept.name)
        steps = [("UPDATE_ROLLBACK_IN_PROGRESS",), ("UPDATE_ROLLBACK_COMPLETE",)]
        self._start(kept, "RollbackStack", token, steps)

    def continue_update_rollback(self, stack_id, *, token, role_arn=""):
        kept = self.named(stack_id)
        self._called("ContinueUpdateRollback", kept.name)
        steps = [("UPDATE_ROLLBACK_IN_PROGRESS",), ("UPDATE_ROLLBACK_COMPLETE",)]
        self._start(kept, "ContinueUpdateRollback", token, steps)

    def set_termination_protection(self, stack, *, on):
        self._called("UpdateTerminationProtection", stack)
        self.named(stack).protected = on

    def events(self, stack):
        yield from reversed(self.named(stack).events)

    def failed_events(self, *, stack, change_set=""):
        return self.failing_change_sets.get(self.named(stack).name, ("", ()))[1]

    # How operations proceed.

    def _start(self, kept, call, token, usual):
        steps = self.script.get((kept.name, call), usual)
        kept.then = deque((*step, *("", "", "")[: 4 - len(step)], token) for step in steps)
        self._step(kept)

    def _step(self, kept):
        status, reason, resource, kind, token = kept.then.popleft()
        self._clock += timedelta(seconds=1)
        if not resource:
            kept.status, kept.reason = status, reason
        kept.events.append(
            Event(
                str(next(self._ids)),
                kept.name,
                kept.id,
                resource or kept.name,
                kind or "AWS::CloudFormation::Stack",
                status,
                reason,
                self._clock,
                token,
                self.physical.get(resource, f"physical-{resource}") if resource else kept.id,
            )
        )
        exports = dict.fromkeys(self._exports.get(kept.name, ()), kept.id)
        if not resource and status in IN_PLACE:
            self.exported |= exports
        elif not resource and status == "DELETE_COMPLETE":
            self.exported = {name: by for name, by in self.exported.items() if by != kept.id}


@pytest.fixture
def double(monkeypatch):
    """The double, in place of AWS for every command; commands do not wait for it, but not for ever either."""
    made = Double()
    looks = itertools.count()

    def wait(pace, waiting_for):
        assert next(looks) < 500, waiting_for

    monkeypatch.setattr("cfnroles.deploy.following.Pace.wait", wait)
    monkeypatch.setattr("cfnroles.aws.cloudformation.CloudFormation", lambda connection: made)
    monkeypatch.setattr("cfnroles.aws.caller.caller_of", lambda connection: CALLER)
    monkeypatch.setattr("cfnroles.aws.secret_validator.examine", lambda asked, *_: ((USABLE,) * len(asked), ()))
    return made


_ACCOUNTS = itertools.count(100000000000)


@pytest.fixture
def account(running_emulator, monkeypatch):
    """An account of its own in the emulator, set as the one that every AWS client of this test uses.

    The checks before a deployment wait for what is missing by a clock that they wind forward.
    """
    monkeypatch.setattr("cfnroles.aws.secret_validator.CLOCK", WoundClock())
    own = replace(running_emulator, account=str(next(_ACCOUNTS)))
    wanted = environment_for(own, {})
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    return own


@pytest.fixture
def aws(account):
    """A function that makes boto3 clients for the test's own account."""
    return Connection.of_environment(account.environment()).client


@pytest.fixture
def enforcing(strict_emulator, monkeypatch):
    """A function that makes clients of the owner of an account in which IAM is enforced, and nothing is yet."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment_for(strict_emulator, {}).items():
        monkeypatch.setenv(name, value)
    return Connection.of_environment(strict_emulator.environment()).client


@pytest.fixture
def aws_for(running_emulator):
    """A function that opens a fresh account and returns it with a maker of its clients."""

    def open_account():
        own = replace(running_emulator, account=str(next(_ACCOUNTS)))
        return own, Connection.of_environment(own.environment()).client

    return open_account


@pytest.fixture
def stacks(tmp_path):
    """A copy of the example stacks that a test may change."""
    for path in STACKS.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    return tmp_path


#: A gate that starts at once, having nothing to import: it fails at what its references are said to be for (Create,
#: Update, Delete), except that an Update back to an older deployment only fails for Rollback.
QUICK_GATE = """
import json, urllib.request
def handler(event, context):
    kind, properties = event["RequestType"], event["ResourceProperties"]
    if properties["DeploymentId"] < event.get("OldResourceProperties", {}).get("DeploymentId", ""):
        kind = "Rollback"
        properties = event["OldResourceProperties"]
    fails = kind in str(properties["References"])
    body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    body |= {"Status": "FAILED" if fails else "SUCCESS", "Reason": f"it fails at {kind}", "PhysicalResourceId": "one"}
    body |= {"Data": {"Checked": str(len(event["ResourceProperties"]["References"])), "Tolerated": "none"}}
    data = json.dumps(body).encode()
    request = urllib.request.Request(event["ResponseURL"], data, {"Content-Type": ""}, method="PUT")
    urllib.request.urlopen(request, timeout=5)
"""


@pytest.fixture
def quick(stacks):
    """The stacks with the quick gate, and a function that sets where it fails from now on.

    Its references have the name of the stack, which only CloudFormation knows, so no one else can check them.
    """
    path = stacks / "secret-validator.yaml"
    template = parse(path.read_text(), path.name)
    template["Resources"]["Function"]["Properties"]["Code"]["ZipFile"] = QUICK_GATE
    path.write_text(json.dumps(template))
    task = stacks / "shop-task.yaml"
    text = re.sub("ValueFrom: .*", "ValueFrom: !Sub '${AWS::StackName}'", task.read_text())

    def fails_at(*kinds):
        task.write_text(text.replace("DB_PASSWORD", " ".join(kinds) or "DB_PASSWORD"))

    fails_at()
    return stacks, fails_at
