"""What is added to a template changes nothing else in its text, and can be taken out again, byte for byte."""

from __future__ import annotations

import json
from collections import Counter
from difflib import SequenceMatcher
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.injection import injected, restored
from cfnroles.targets.cloudformation.injection_record import RECORD, is_injected
from cfnroles.targets.cloudformation.template_roles import Added

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"Fn::If": ["HasKeys", {"PolicyName": "Keys"}, "x"]}]}}
OF_WEB = {"ExecutionRoleArn": {"Fn::GetAtt": ["WebRole", "Arn"]}, "TaskRoleArn": {"Ref": "WebRole"}}
ADDED = Added(
    {"Keys": {"Type": "CommaDelimitedList", "Default": ""}},
    {"HasKeys": {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Ref": "Keys"}]}, ""]}]}},
    {"WebRole": ROLE},
    {("Resources", "Web", "Properties", name): role for name, role in OF_WEB.items()},
    {"Web": "WebGate"},
)


def put(text: str, added: Added = ADDED) -> str:
    """The text with the addition, which is checked against all that holds of any."""
    new = injected(text, "t.yaml", added)
    assert restored(new, "t.yaml") == text
    assert injected(restored(new, "t.yaml"), "t.yaml", added) == new
    assert is_injected(parse(new, "t.yaml"))
    return new


def tree_of(new: str) -> dict[str, Any]:
    """The tree without the record, whose form is no matter here."""
    tree: dict[str, Any] = parse(new, "t.yaml")
    del tree["Metadata"][RECORD]
    if not tree["Metadata"]:
        del tree["Metadata"]
    return tree


def gone(old: str, new: str) -> list[str]:
    """The lines of the old text that the new one does not have in their place."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    changes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [line for kind, start, end, *_ in changes if kind != "equal" for line in before[start:end]]


PLAIN = """\
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
"""


def test_the_additions_stand_in_the_style_of_their_neighbours() -> None:
    new = put(
        """\
# Ours.
AWSTemplateFormatVersion: "2010-09-09"

Conditions:
  # In production.
  IsProd: !Equals [!Ref Stage, prod]

# What runs.
Resources:
  # The web service.
  Web:
    Type: 'AWS::ECS::TaskDefinition'   # in ECS
    Properties:
      Family: web
      ContainerDefinitions:
      - Name: web
"""
    )
    head, _, tail = new.partition("Metadata:")
    assert (
        head
        == """\
# Ours.
AWSTemplateFormatVersion: "2010-09-09"

Conditions:
  HasKeys: !Not [!Equals [!Select [0, !Ref Keys], '']]
  # In production.
  IsProd: !Equals [!Ref Stage, prod]

Parameters:
  Keys:
    Type: CommaDelimitedList
    Default: ''
"""
    )
    assert (
        tail.partition("# What runs.")[2]
        == """
Resources:
  WebRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
      - !If
        - HasKeys
        - PolicyName: Keys
        - x
  # The web service.
  Web:
    Type: 'AWS::ECS::TaskDefinition'   # in ECS
    DependsOn: WebGate
    Properties:
      ExecutionRoleArn: !GetAtt WebRole.Arn
      TaskRoleArn: !Ref WebRole
      Family: web
      ContainerDefinitions:
      - Name: web
"""
    )


JSON = json.loads(json.dumps(parse(PLAIN, "t.yaml")))


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        pytest.param(PLAIN, [], id="block"),
        pytest.param(PLAIN.replace("\n", "\r\n"), [], id="line ends of Windows"),
        pytest.param(PLAIN.rstrip("\n"), [], id="no line end at the end"),
        pytest.param(PLAIN.replace("  ", "    "), [], id="four spaces"),
        pytest.param(f"---\n{PLAIN}...\n", [], id="marks of a document"),
        pytest.param(f"{PLAIN}\n\n# The end.\n", [], id="a comment at the end"),
        pytest.param(f'"Description": |+\n  # no comment\n\n\n{PLAIN}', [], id="a text with lines above"),
        pytest.param(f"Description: >\n # no comment\n{PLAIN}", [], id="a text that looks like a comment"),
        pytest.param(f"Conditions:\n{PLAIN}", [], id="an empty section"),
        pytest.param(f"Conditions: # none yet\n{PLAIN}", [], id="an empty section with a comment"),
        pytest.param(f"Conditions: {{}} # none\n{PLAIN}", ["Conditions: {} # none\n"], id="an empty mapping"),
        pytest.param(f"{PLAIN}Conditions:", ["Conditions:"], id="an empty section at the end, without a line end"),
        pytest.param(f"Metadata:\n  cfnroles: {{ignore: []}}\n{PLAIN}", [], id="own metadata"),
        pytest.param(f"Metadata: ~\n{PLAIN}", ["Metadata: ~\n"], id="metadata that are none"),
        pytest.param(f"Parameters: {{ Stage: {{Type: String}} }}\n{PLAIN}", None, id="one section in braces"),
        pytest.param(f"Resources:\n  &web Web:\n{PLAIN.partition('Web:')[2][1:]}", [], id="an anchor at a key"),
        pytest.param(PLAIN.replace("Web:", '"Web" :').replace("Resources", "'Resources'"), [], id="keys in quotes"),
        pytest.param(PLAIN.replace("Properties:", "Properties: &all"), [], id="an anchor at the properties"),
        pytest.param(PLAIN.partition("    Properties")[0], [], id="no properties"),
        pytest.param(PLAIN.replace("Properties:\n      Family: web", "Properties: {}"), None, id="empty properties"),
        pytest.param(
            PLAIN.replace("Properties:\n      Family: web", "Properties: {Family: web}"), None, id="in braces"
        ),
        pytest.param(
            PLAIN.replace("Family", "TaskRoleArn: !Ref Old # the old one\n      Family"),
            ["      TaskRoleArn: !Ref Old # the old one\n"],
            id="a role in short form",
        ),
        pytest.param(
            PLAIN + "      TaskRoleArn:\n        Fn::Sub: # why\n          a${B}\n",
            ["        Fn::Sub: # why\n", "          a${B}\n", "      TaskRoleArn:\n"],
            id="a role over several lines",
        ),
        pytest.param(
            PLAIN + "      TaskRoleArn: >-\n        arn:aws:iam::111122223333:role/x\n\n  Other: {Type: A::B::C}\n",
            ["        arn:aws:iam::111122223333:role/x\n", "      TaskRoleArn: >-\n"],
            id="a role in a block",
        ),
        pytest.param(
            PLAIN.replace("    Prop", "    DependsOn: Table\n    Prop"),
            ["    DependsOn: Table\n"],
            id="waits for one",
        ),
        pytest.param(
            PLAIN.replace("    Prop", "    DependsOn:\n    # first\n    - Table\n    - Queue\n    Prop"),
            [],
            id="waits for several",
        ),
        pytest.param(
            PLAIN.replace("    Prop", "    DependsOn: [Table, Queue]\n    Prop"),
            ["    DependsOn: [Table, Queue]\n"],
            id="waits for several on one line",
        ),
        pytest.param(
            PLAIN.replace("    Prop", "    DependsOn: []\n    Prop"), ["    DependsOn: []\n"], id="waits for none"
        ),
        pytest.param(json.dumps(JSON, indent=2), [], id="JSON"),
        pytest.param(json.dumps(JSON, indent=4) + "\n", [], id="JSON, four spaces"),
        pytest.param(json.dumps(JSON, indent="\t"), [], id="JSON, tabs"),
        pytest.param(json.dumps(JSON, indent=2).replace("\n", "\r\n"), [], id="JSON, line ends of Windows"),
        pytest.param(json.dumps(JSON), None, id="JSON on one line"),
        pytest.param(json.dumps(JSON, separators=(",", ":")), None, id="JSON without white space"),
        pytest.param(json.dumps({**JSON, "Conditions": {}}, indent=2), None, id="JSON, an empty section"),
        pytest.param(
            json.dumps({"Outputs": {"A": {"Value": "\U0001f600\ud7ff"}}, **JSON}, indent=1), [], id="surrogates"
        ),
        pytest.param(
            "{Resources: {Web: {Type: 'AWS::ECS::TaskDefinition', Properties: {Family: web}}}}", None, id="flow"
        ),
    ],
)
def test_any_style_keeps_its_lines(text: str, lost: list[str] | None) -> None:
    new = put(text)
    tree = tree_of(new)
    assert tree["Resources"]["WebRole"] == ROLE
    assert tree["Conditions"]["HasKeys"] == ADDED.conditions["HasKeys"]
    web = tree["Resources"]["Web"]
    assert web["Properties"] == {
        **(parse(text, "t")["Resources"]["Web"].get("Properties") or {}),
        **OF_WEB,
    }
    assert "WebGate" in web["DependsOn"]
    # On one line everything is.
    assert lost is None or gone(text, new) == sorted(lost, key=gone(text, new).index)
    if "\r\n" in text:
        assert "\n" not in new.replace("\r\n", "")


def test_each_stage_of_the_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counter[str]()

    def counted(name: str) -> Any:
        original = getattr(yaml, name)
        return lambda *args, **options: [counts.update([name]), original(*args, **options)][1]

    for name in ("compose", "parse"):
        monkeypatch.setattr(yaml, name, counted(name))
    text = PLAIN + "".join(f"  Q{each}:\n    Type: AWS::SQS::Queue\n" for each in range(99))
    injected(text, "many.yaml", ADDED)
    # As it was, with the roles, with the record, and without what is in sections that go.
    assert counts == {"compose": 4}


def test_what_the_author_changes_elsewhere_stays_when_the_additions_go() -> None:
    text = f"Conditions: {{}}\n{PLAIN}"
    new = put(text)
    changed = new.replace("Family: web", "Family: shop").replace(
        "Conditions:", "Conditions:\n  Mine: !Equals [a, b]", 1
    )
    without = restored(f"{changed}  Queue:\n    Type: AWS::SQS::Queue\n", "t.yaml")
    assert without == (
        "Conditions:\n  Mine: !Equals [a, b]\n"
        + PLAIN.replace("web\n", "shop\n")
        + "  Queue:\n    Type: AWS::SQS::Queue\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("PolicyName: Keys", "PolicyName: Others", "Resources.WebRole"),
        ("DependsOn: WebGate", "DependsOn: [WebGate, Mine]", "Resources.Web.DependsOn"),
        (
            "ExecutionRoleArn: !GetAtt WebRole.Arn",
            "ExecutionRoleArn: mine",
            "Resources.Web.Properties.ExecutionRoleArn",
        ),
        ("TaskRoleArn: !Ref WebRole", "TaskRoleArn: mine", "Resources.Web.Properties.TaskRoleArn"),
    ],
)
def test_a_part_that_somebody_changed_is_not_taken_out(old: str, new: str, part: str) -> None:
    text = put(PLAIN.replace("Family", "TaskRoleArn: old\n      Family"))
    assert old in text
    with pytest.raises(InvalidInput, match=rf"{part} was added by cfnroles and changed since"):
        restored(text.replace(old, new), "t.yaml")


WAITING = PLAIN.replace("    Prop", "    DependsOn:\n    - Table\n    Prop")
IN_BRACES = "Resources: {\n  Web: {\n    Type: A::B::C,\n    Properties: {\n      Family: web\n    }\n  }\n}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(PLAIN, "    DependsOn: WebGate", id="behind an attribute"),
        pytest.param(PLAIN, "      ExecutionRoleArn: !GetAtt WebRole.Arn", id="behind a property"),
        pytest.param(PLAIN, "          - x", id="behind the last line of a role"),
        pytest.param(PLAIN, "Conditions:", id="behind the header of a section that goes"),
        pytest.param(PLAIN, "  CfnrolesAdded:", id="behind the header of the record"),
        pytest.param(PLAIN, "    Added:", id="in the record"),
        pytest.param(WAITING, "    - WebGate", id="behind an element"),
        pytest.param(IN_BRACES, '      "TaskRoleArn": {\n        "Ref": "WebRole"\n      },', id="in braces"),
    ],
)
def test_no_comment_goes_with_what_is_taken_out(text: str, line: str) -> None:
    new = put(text)
    assert new.count(f"{line}\n") == 1
    before = new[: new.index(f"{line}\n") + len(line)].count("\n") + 1
    with pytest.raises(InvalidInput, match=rf"t\.yaml:{before}(:\d+)?: has a comment in a part that was added"):
        restored(new.replace(f"{line}\n", f"{line} # mine\n"), "t.yaml")


@pytest.mark.parametrize(
    "line",
    ["    Type: AWS::ECS::TaskDefinition", "      TaskRoleArn: !Ref WebRole", "      Family: web", "Resources:"],
)
def test_a_comment_beside_what_is_taken_out_stays(line: str) -> None:
    new = put(PLAIN.replace("Family", "TaskRoleArn: !Ref Old\n      Family"))
    assert f"{line}\n" in new
    assert " # mine\n" in restored(new.replace(f"{line}\n", f"{line} # mine\n"), "t.yaml")


def test_a_part_that_is_gone_is_no_obstacle() -> None:
    text = put(PLAIN)
    assert restored(text.replace("    DependsOn: WebGate\n", ""), "t.yaml") == PLAIN


@pytest.mark.parametrize(
    "record", ["5", "{Added: 5}", "{Replaced: {a: {}}}", "[]", "{Options: {no: a}}", "{Options: {compat: a}}"]
)
def test_a_broken_record_is_one_error(record: str) -> None:
    with pytest.raises(InvalidInput, match=r"Metadata\.CfnrolesAdded, that was changed since"):
        restored(f"Metadata:\n  {RECORD}: {record}\n{PLAIN}", "t.yaml")


def test_a_refusal_shows_its_line_with_a_caret() -> None:
    text = PLAIN.replace("Properties:\n      Family: web", "Properties: !If [A, {}, {}]")
    with pytest.raises(InvalidInput) as refusal:
        injected(text, "t.yaml", ADDED)
    assert refusal.value.in_full.split("\n")[1:] == [
        "     4 | Properties: …",
        "       | ^^^^^^^^^^",
        "Write its members there.",
    ]


def test_a_refusal_with_a_reason_has_both() -> None:
    with pytest.raises(InvalidInput) as refusal:
        injected(f"{SHARED} *all\n", "t.yaml", ADDED)
    assert refusal.value.in_full.split("\n")[1:] == [
        "     8 | Properties: …",
        "       | ^^^^^^^^^^",
        "An anchor or a merge key uses one text for several parts.",
        "Write Resources.Other.Properties out, without an alias."
        " Set the roles yourself: `cfnroles build` writes them as a separate stack.",
    ]


SHARED = PLAIN.replace("Properties:", "Properties: &all") + "  Other:\n    Type: A::B::C\n    Properties:"


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        pytest.param(
            "Resources:\n  A: &a\n    Type: AWS::ECS::TaskDefinition\n    Properties: {Family: a}\n  Web: *a\n",
            "t.yaml:5:3: Resources.Web is behind an alias",
            "Write its members there.",
            id="alias",
        ),
        pytest.param(
            f"{SHARED} *all\n",
            "t.yaml:8:5: cannot be edited alone: Resources.Other.Properties would",
            "Write Resources.Other.Properties out, without an alias.",
            id="shared properties",
        ),
        pytest.param(
            f"{SHARED}\n      <<: *all\n",
            "t.yaml:8:5: cannot be edited alone: Resources.Other.Properties would",
            "An anchor or a merge key uses one text for several parts.",
            id="merged properties",
        ),
        pytest.param(
            "Resources:\n  Web:\n    <<: &w\n      Type: AWS::ECS::TaskDefinition\n",
            "t.yaml:2:3: Resources.Web.Type comes from a merge key (<<)",
            "Write its members there.",
            id="a merged resource",
        ),
        pytest.param(
            "x: &w\n  Web: {Type: AWS::ECS::TaskDefinition}\nResources:\n  <<: *w\n",
            "t.yaml:3:1: Resources.Web.Type comes from a merge key (<<)",
            "Write its members there.",
            id="merged resources",
        ),
        pytest.param(
            PLAIN.replace("Family: web", "Fn::If: [A, {Family: web}, {Family: b}]"),
            "t.yaml:4:5: Resources.Web.Properties is behind an alias or an expression",
            "Write its members there.",
            id="properties behind a condition",
        ),
        pytest.param(
            PLAIN.replace("Properties:\n      Family: web", "Properties: !If [A, {}, {}]"),
            "t.yaml:4:5: Resources.Web.Properties is behind an alias or an expression",
            "Write its members there.",
            id="a short form",
        ),
        pytest.param(
            PLAIN.replace("Family", "TaskRoleArn: &role !Ref Old\n      Family") + "Outputs:\n  R: {Value: *role}\n",
            "t.yaml:5:19: has a format that cfnroles cannot edit",
            "without `?` and without an anchor.",
            id="a role that others name by an alias",
        ),
    ],
)
def test_what_cannot_be_edited_alone_is_refused_with_its_line(text: str, where: str, told: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        injected(text, "t.yaml", ADDED)
    assert where in str(refusal.value)
    assert told in str(refusal.value)


def test_what_an_anchor_stands_for_can_be_edited_where_nothing_else_changes() -> None:
    text = "x: &t AWS::ECS::TaskDefinition\n" + PLAIN.replace("AWS::ECS::TaskDefinition", "*t")
    text += "  Other:\n    Type: *t\n    Properties: {Volumes: &v [], Tags: *v}\n"
    assert gone(text, put(text)) == []


def test_members_of_a_merge_key_are_kept_beside_the_roles() -> None:
    text = "x: &all {Family: web, TaskRoleArn: old}\n" + PLAIN.replace("Family: web", "<<: *all")
    new = put(text)
    assert gone(text, new) == []
    assert tree_of(new)["Resources"]["Web"]["Properties"] == {"Family": "web", **OF_WEB}


def test_a_template_in_a_list_is_none_to_edit() -> None:
    text = json.dumps([JSON])
    assert restored(text, "t.json") == text
    with pytest.raises(InvalidInput, match="is not a CloudFormation template"):
        injected(text, "t.json", ADDED)


names = st.text("AbC1", min_size=1, max_size=3).map("X{}".format)
leaves = st.sampled_from(
    ["a", "a b", "it's", '"', "#", ": ", "yes", "", "0755", "ä", "a\nb", 5, True, None, "- a", "{"]
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
OTHERS = ("Conditions", "Parameters", "Metadata", "Outputs")
templates = st.fixed_dictionaries(
    {"Resources": st.fixed_dictionaries({"Web": st.fixed_dictionaries({"Type": st.just("AWS::ECS::TaskDefinition")},
        optional={"Properties": st.dictionaries(names | st.just("TaskRoleArn"), trees, max_size=3),
                  "DependsOn": st.just("A") | st.lists(st.sampled_from(["A", "B"]), max_size=2, unique=True),
                  "Metadata": st.dictionaries(names, trees, max_size=2)})},
        optional={"Other": trees})},
    optional=dict.fromkeys(OTHERS, st.dictionaries(names, trees, max_size=2)),
)  # fmt: skip


@given(templates, st.sampled_from(["json", "tab", "line", "tight", "yaml", "four", "flow"]), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_template_is_restored(tree: dict[str, Any], style: str, windows: bool) -> None:
    text = written(tree, style)
    text = text.replace("\n", "\r\n") if windows else text
    before = parse(text, "t.yaml")
    after = tree_of(put(text))
    assert {name: each for name, each in after["Resources"].items() if name not in ("Web", "WebRole")} == {
        name: each for name, each in before["Resources"].items() if name != "Web"
    }
    for section in set(before) - {"Resources", "Metadata"}:
        assert {**ADDED.parameters, **ADDED.conditions, **before[section]}.items() >= after[section].items()


def written(tree: dict[str, Any], style: str) -> str:
    import yaml

    match style:
        case "json":
            return json.dumps(tree, indent=2)
        case "tab":
            return json.dumps(tree, indent="\t", ensure_ascii=False)
        case "line":
            return json.dumps(tree)
        case "tight":
            return json.dumps(tree, separators=(",", ":"))
    step, flow = (4, None) if style == "four" else (2, style == "flow" or None)
    return yaml.safe_dump(tree, indent=step, default_flow_style=flow or False, allow_unicode=True, sort_keys=False)
