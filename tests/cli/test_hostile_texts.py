"""No text of a document does anything to a terminal, to a log or to Markdown, through any command and any format.

Each string of RegisterTaskDefinition and each word of a spec's grants is planted with a value that means something to
each of them.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import click
import msgspec
import pytest

from cfnroles import Document, Told, build, diff, explain, lint, read, verify
from cfnroles.answers.audit import Subject, audit_roles
from cfnroles.answers.audited import RoleUser
from cfnroles.answers.diagnose import diagnose
from cfnroles.answers.fleet_finding import Affected, FleetFinding, FleetReport, Kind
from cfnroles.answers.graph import graph
from cfnroles.answers.lint import LintReport
from cfnroles.answers.usage import Watching
from cfnroles.answers.verification import Verification
from cfnroles.cli import COMMANDS
from cfnroles.deploy.policy import DeployOptions, deploy_policy
from cfnroles.deploy.stacks_file import built_stacks
from cfnroles.errors import InvalidInput
from cfnroles.formats import (
    annotations,
    audit_html,
    audit_markdown,
    diagnosis,
    difference,
    explanation,
    fleet,
    fleet_sarif,
    verification,
    verification_markdown,
)
from cfnroles.formats import audit as audit_format
from cfnroles.formats import build as build_format
from cfnroles.formats import deploy_policy as deploy_policy_format
from cfnroles.formats import lint as lint_format
from cfnroles.formats.audit_policies import policy_files
from cfnroles.formats.graph_page import graph_page
from cfnroles.formats.junit import junit
from cfnroles.formats.mermaid import mermaid
from cfnroles.formats.sarif import sarif
from cfnroles.iam.roles import Role, RolePolicy
from cfnroles.need import Gap, Holder, Origin
from cfnroles.page import Page, page
from cfnroles.sources.reading import Reading
from cfnroles.trail.coverage import Coverage
from cfnroles.trail.reading import Pass
from cfnroles.trail.record import Record
from tests import trails
from tests.hostile_values import everywhere, grants, task_definitions
from tests.rendered import found_in_texts, links, structure

EVIL = (
    "*?${aws:username}`a|b\\|\n# No permission changes.\n\n"
    "![x](https://evil.example/x)<img src=x><!-- @octocat #1 [red]:smile:"
    "\r\x1b[2K\x1b]8;;https://evil.example\x07\x9b\u202e\u2066\u200b\u2028::error::x ##[error]y"
)
BEFORE = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}
STATEMENTS = [
    {"Sid": EVIL, "Effect": "Allow", "Action": "s3:Get*", "Resource": ["*", f"arn:aws:s3:::{EVIL}"]},
    {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringLike": {f"aws:{EVIL}": EVIL}}},
    {"Effect": "Deny", "Action": f"iam:{EVIL}", "Resource": "*"},
]
ROLE = {"Version": "2012-10-17", "Statement": STATEMENTS}

#: The elements of a page of HTML of ours.
OF_PAGES = {
    *("html", "head", "meta", "title", "style", "body", "script", "header", "section", "aside", "div", "svg"),
    *("h1", "h2", "h3", "p", "ol", "li", "b", "span", "br", "wbr", "a", "button", "input", "label", "fieldset"),
    *("legend", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "ul", "pre", "code"),
}
#: A line of Mermaid of ours: nothing between quotes has a meaning there.
MERMAID = re.compile(
    r"flowchart LR| *(g\dn\d+[(\[]+\"(#\d+;|<br/>|[^\"`<>#;|])*\"[)\]]+(:::\w+)?|g\dn\d+ (-->|-\.->) g\dn\d+)|"
    r" *classDef [\w :,;#-]+"
)

#: An annotation of ours: five properties, in which nothing ends them, and a message.
ANNOTATION = re.compile(
    r"::(error|warning|notice) file=[^:,]*,(line=\d+,col=\d+,)?title=cfnroles(%3A [\w-]+)?::.*"
).fullmatch

#: What Markdown of ours consists of. A link is one of ours: its address is looked at by itself.
OURS = {
    *(
        "heading_open",
        "paragraph_open",
        "bullet_list_open",
        "ordered_list_open",
        "list_item_open",
        "fence",
        "softbreak",
    ),
    *("table_open", "thead_open", "tbody_open", "tr_open", "th_open", "td_open", "strong_open", "link_open", "<br>"),
}


def told(answer: Callable[..., str], *arguments: Any) -> str:
    """An answer, or the error in its place."""
    try:
        return answer(*arguments)
    except InvalidInput as error:
        return str(error)


def refusal(reading: Reading) -> str:
    try:
        reading.accepted()
        build(reading)
    except InvalidInput as error:
        return str(error)
    return ""


def of_lint(*readings: Reading) -> Iterator[tuple[str, str]]:
    report = LintReport(tuple(lint(reading) for reading in readings))
    yield "human", lint_format.human(report)
    yield "human", page([lint_format.summary(report)])
    yield "markdown", lint_format.markdown(report)
    yield "json", lint_format.json_text(report)
    yield "json", sarif(report)
    yield "xml", junit(report, None)
    yield "github", annotations.github(report)
    yield "json", annotations.gitlab(report)


def of_reasons(reading: Reading) -> Iterator[tuple[str, str]]:
    texts, explained = reading.texts, explain(reading)
    yield "human", explanation.human(explained, texts)
    yield "markdown", explanation.markdown(explained, texts)
    yield "json", explanation.json_text(explained, texts)


def of_needs(reading: Reading) -> Iterator[tuple[str, str]]:
    texts, before = reading.texts, read(Document(reading.name, json.dumps(BEFORE)), Told())
    yield "human", told(lambda: page(build_format.summary(reading, build(reading), Path(EVIL.replace("/", "")))))
    yield from of_reasons(reading)
    explained = explain(reading)
    graphs = graph(explained, texts)
    yield "mermaid", mermaid(graphs)
    yield "html", graph_page(reading.name, graphs)
    yield from of_deployment(reading)
    compared = (diff(before, reading),)
    yield "human", difference.human(compared)
    yield "markdown", difference.markdown(compared)
    yield "json", difference.json_text(compared)


def of_deployment(reading: Reading) -> Iterator[tuple[str, str]]:
    stacks = built_stacks(build(reading).files, reading.name)
    try:
        policy = deploy_policy(stacks, DeployOptions(account="123456789012", region="us-east-1"))
    except InvalidInput as error:
        # The name of a service in Express Mode has to be known.
        yield "human", str(error)
        return
    bodies = {stack.template: stack.body for stack in stacks}
    yield "human", deploy_policy_format.human(policy, bodies)
    yield "human", deploy_policy_format.notes(policy, bodies)
    yield "json", deploy_policy_format.json_text(policy)


def of_roles(reading: Reading, role: str) -> Iterator[tuple[str, str]]:
    found: list[Verification] = [verify(reading, role, holder) for holder in (Holder.EXECUTION, Holder.TASK)]
    yield "human", verification.human(found, reading.texts)
    yield "markdown", verification_markdown.markdown(found, reading.texts)
    yield "json", verification.json_text(found, reading.texts)


def wrong(kind: str, text: str) -> list[str]:
    """What in an answer is not as its author meant it."""
    assert isinstance(text, Page), text
    lines = text.split("\n")
    found = [line for line in lines if not line.isprintable()]
    found += [line for line in lines if line.strip().startswith("::") and not (kind == "github" and ANNOTATION(line))]
    found += [line for line in lines if "##[" in line or line.startswith("# No perm")]
    if kind == "markdown":
        found += sorted(structure(text).keys() - OURS)
        found += found_in_texts(text)
        found += [address for address in links(text) if "evil" in address]
    elif kind == "json":
        json.loads(text)
        found += [] if text.isascii() else ["not ASCII"]
    elif kind == "xml":
        Xml.fromstring(text)
    elif kind == "html":
        found += sorted({tag for tag, _ in Elements(text).found} - OF_PAGES)
        found += [name for _, names in Elements(text).found for name in names if name.startswith("on")]
    elif kind == "mermaid":
        found += [line for line in lines if not MERMAID.fullmatch(line)]
    return found


class Elements(HTMLParser):
    """The elements of a page, each with the names of its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def all_wrong(answers: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(kind, found) for kind, text in answers for found in wrong(kind, text)]


@pytest.fixture(scope="module")
def role(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("role") / "role.json"
    path.write_text(json.dumps(ROLE))
    return str(path)


@pytest.mark.long
def test_no_string_of_a_task_definition_is_more_than_a_text(role: str) -> None:
    """The names of containers and options are in the examples of many permissions: all of these say why they are
    needed, one of them everything else.
    """
    readings, fields = [], set()
    for planted in islice(task_definitions((EVIL,)), 1, None, 2):
        reading = read(Document(f"{planted.field}.json", json.dumps(planted.definition)), Told())
        readings.append(reading)
        if refused := refusal(reading):
            assert wrong("human", refused) == [], planted.field
            continue
        if planted.field in fields:
            assert all_wrong(of_reasons(reading)) == [], planted.field
            continue
        fields.add(planted.field)
        assert all_wrong(of_needs(reading)) == [], planted.field
        assert all_wrong(of_roles(reading, role)) == [], planted.field
    assert len(fields) > 20
    assert all_wrong(of_lint(*readings)) == []


def template(**properties: Any) -> str:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": EVIL, "Action": EVIL}]}
    role = {"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [EVIL], **properties}
    named = {"Type": "AWS::IAM::Role", "Condition": EVIL, "Properties": role}
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": everywhere(EVIL)}
    return json.dumps(
        {"Conditions": {EVIL: {"Fn::Equals": [EVIL, EVIL]}}, "Resources": {EVIL: named, f"T{EVIL}": task}}
    )


def test_no_name_of_a_template_is_more_than_a_text() -> None:
    policies = [{"PolicyName": EVIL, "PolicyDocument": ROLE}]
    before, after = (read(Document(f"{EVIL}.json", text), Told()) for text in (template(), template(Policies=policies)))
    assert all_wrong(of_lint(after)) == []
    compared = (diff(before, after),)
    assert compared[0].difference.changes
    assert wrong("human", difference.human(compared)) == []
    assert wrong("markdown", difference.markdown(compared)) == []
    assert wrong("json", difference.json_text(compared)) == []


def test_nor_are_all_of_them_together() -> None:
    reading = read(Document(f"{EVIL}.json", json.dumps(everywhere(EVIL))), Told())
    assert all_wrong(of_lint(reading)) == []
    with pytest.raises(InvalidInput) as refused:
        reading.accepted()
    assert wrong("human", str(refused.value)) == []


def test_no_word_of_a_spec_is_more_than_a_text() -> None:
    readings = []
    for planted in islice(grants((EVIL,)), 1, None, 3):
        service = {"task-definition": BEFORE, "task-role": {"grants": [planted.tree]}}
        reading = read(Document(f"{EVIL}.yaml", json.dumps({"project": "shop", "services": {"web": service}})), Told())
        readings.append(reading)
        if refused := refusal(reading):
            assert wrong("human", refused) == [], planted.field
            continue
        assert all_wrong(of_needs(reading)) == [], planted.field
    assert all_wrong(of_lint(*readings)) == []


MESSAGES = (
    f"User: arn:aws:sts::1:assumed-role/{EVIL} is not authorized to perform: s3:GetObject on resource:"
    f" arn:aws:s3:::{EVIL}",
    f"not authorized to perform: s3:GetObject on resource: {EVIL} because no identity-based policy allows it",
    f"secret did not contain json key {EVIL.replace(' ', '')}",
    f"{EVIL} Exit code: 137 {EVIL}",
    f"invalid parameters: /shop{EVIL.replace(' ', '')}",
)


def test_no_word_of_a_message_is_more_than_a_text(role: str) -> None:
    reading = read(Document(f"{EVIL}.json", json.dumps({**BEFORE, "family": "shop"})), Told())
    for message in MESSAGES:
        found = diagnose(message, reading, role)
        assert found, message
        assert wrong("human", diagnosis.human(found, reading.texts)) == [], message
        assert wrong("json", diagnosis.json_text(found, reading.texts)) == [], message


def test_no_word_of_an_account_is_more_than_a_text() -> None:
    found = tuple(FleetFinding(kind, EVIL, EVIL, Affected({EVIL: (1, 2)}), EVIL) for kind in Kind)
    report = FleetReport(EVIL, EVIL, "all", 1, 1, 1, found, (EVIL,), EVIL, resumed=True)
    assert wrong("human", fleet.human(report)) == []
    assert wrong("json", fleet.json_text(report)) == []
    assert wrong("json", fleet_sarif.sarif(report)) == []


def test_no_word_of_an_event_or_of_a_role_is_more_than_a_text() -> None:
    allowed = {
        **ROLE["Statement"][0],
        "Effect": "Allow",
        "Action": ["ecr:PutImage"],
        "Resource": [f"arn:aws:ecr:{EVIL}"],
    }
    role = Role(EVIL, (RolePolicy(EVIL, {"Version": "2012-10-17", "Statement": [allowed]}),), arn=trails.role("web"))
    message = f"not authorized to perform: s3:GetObject on resource: arn:aws:s3:::{EVIL.replace(' ', '')}"
    events = [
        *trails.quiet_days(2, region=EVIL),
        trails.assumed("web", region=EVIL),
        trails.event("ecr:PutImage", "web", region=EVIL, sent={"repositoryName": EVIL}, on=[f"arn:{EVIL}"]),
        trails.event("s3:GetObject", "web", error="AccessDenied", message=message),
        trails.event("ecr:PutImage", EVIL, account=EVIL),
    ]
    user = RoleUser(
        EVIL, Holder.TASK, gaps=(Gap(Holder.TASK, EVIL, Origin(EVIL, (EVIL,)), EVIL, EVIL, ("ecr:PutImage",)),)
    )
    one = Subject(role, (user,))

    def passing(watch: Watching) -> Coverage:
        made = Pass(watch)
        made.take(
            msgspec.convert([{**each, "requestParameters": msgspec.Raw(b"null")} for each in events], list[Record])
        )
        made.place(trails.ACCOUNT, EVIL)
        return made.coverage()

    found = audit_roles([one], passing)
    for ranked in (False, True):
        assert wrong("human", audit_format.human(found, {}, fleet=ranked)) == []
        assert wrong("markdown", audit_markdown.markdown(found, {}, fleet=ranked)) == []
        assert wrong("html", audit_html.html(found, {}, fleet=ranked)) == []
    assert wrong("json", audit_format.json_text(found, {})) == []
    assert all(name.isascii() and "/" not in name for name in policy_files(found))


FORMATS = {
    "audit": {"human", "json", "markdown", "html"},
    "check": {"human", "json", "markdown"},
    "diagnose": {"human", "json"},
    "diff": {"human", "json", "markdown"},
    "deploy": {"human", "json", "markdown"},
    "deploy-policy": {"human", "json", "cloudformation"},
    "explain": {"human", "json", "markdown"},
    "fleet": {"human", "json", "sarif"},
    "graph": {"html", "mermaid"},
    "lint": {"human", "json", "sarif", "junit", "markdown", "github", "gitlab"},
    "outputs": {"human", "json", "env"},
    "status": {"human", "json"},
    "verify": {"human", "json", "markdown"},
}


def test_each_format_is_one_of_those_that_are_looked_at() -> None:
    """A new format is a line here and a line above."""
    found = {}
    for name in COMMANDS:
        command: click.Command = importlib.import_module(f"cfnroles.cli.{name.replace('-', '_')}").command
        for option in command.params:
            if "--format" in option.opts and isinstance(option.type, click.Choice):
                found[name] = set(option.type.choices)
    assert found == FORMATS
