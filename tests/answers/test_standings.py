"""Which task definitions of a template come to another verdict, whatever of the template was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfnroles import Document, Told, diff, read
from cfnroles.answers.diff import Comparison
from cfnroles.formats import difference

OF_ROLE = """
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ecs-tasks.amazonaws.com}}
"""
TEMPLATE = f"""\
Parameters:
  Stage: {{Type: String, Default: dev}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Database: {{Type: AWS::SecretsManager::Secret}}
  Key: {{Type: AWS::SecretsManager::Secret}}
  Nothing:{OF_ROLE}
  Role:{OF_ROLE}\
      Policies:
      - PolicyName: p
        PolicyDocument:
          Statement: {{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Database}}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
      - Name: web
        Image: nginx
        Secrets:
        - {{Name: A, ValueFrom: !Ref Database}}
"""
FEWER = TEMPLATE.replace("        Secrets:\n        - {Name: A, ValueFrom: !Ref Database}\n", "")
MORE = TEMPLATE + "        - {Name: B, ValueFrom: !Ref Key}\n"
BEHIND = TEMPLATE + "        - !If [IsProd, {Name: B, ValueFrom: !Ref Key}, !Ref AWS::NoValue]\n"
#: Roles that are elsewhere.
ELSEWHERE = TEMPLATE.replace("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/web")
REFUSED = TEMPLATE.replace("Name: web\n", "Name: 'no name'\n")

#: One role in some worlds, another in the rest.
FORKED = "!If [IsProd, !GetAtt %s.Arn, !GetAtt %s.Arn]"

LACKS = "now lacks secretsmanager:GetSecretValue on ${Key}"
MISSING = "what is needed is missing or denied"
ROWS = [
    ("nothing", TEMPLATE, TEMPLATE, []),
    ("a line of comment above", TEMPLATE, f"# new\n{TEMPLATE}", []),
    ("a secret that the role may not read", TEMPLATE, MORE,
     [f"Web, execution role: was pass, now fail: {MISSING} (new.yaml:23)", LACKS]),
    ("one behind a condition", TEMPLATE, BEHIND,
     [f"Web, execution role: was pass, now fail: {MISSING} (new.yaml:23)", f"{LACKS} (only if IsProd holds)"]),
    ("one that is fixed", MORE, TEMPLATE,
     ["Web, execution role: was fail, now pass (new.yaml:23)", LACKS.replace("now", "no longer", 1)]),
    ("one that is not needed any more", TEMPLATE, FEWER,
     ["Web, execution role: was pass, now fail: it grants more than is needed (new.yaml:23)"]),
    ("another role", TEMPLATE, TEMPLATE.replace("!GetAtt Role.Arn", "!GetAtt Nothing.Arn"),
     [f"Web, execution role: was pass, now fail: {MISSING} (new.yaml:23)", LACKS.replace("Key", "Database")]),
    ("a role of elsewhere", TEMPLATE, ELSEWHERE,
     ["Web, execution role: was pass, now not judged: what it allows depends on an unknown value, the template does"
      " not have the role (new.yaml:23)"]),
    *(
        (f"a role without permissions if IsProd {holds}", TEMPLATE,
         TEMPLATE.replace("!GetAtt Role.Arn", FORKED % roles),
         [f"Web, execution role: was pass, now fail: {MISSING} (new.yaml:23)",
          f"{LACKS.replace('Key', 'Database')} (only if IsProd {holds})"])
        for roles, holds in ((("Nothing", "Role"), "holds"), (("Role", "Nothing"), "does not hold"))
    ),
    ("another name", TEMPLATE, TEMPLATE.replace("  Web:", "  Site:"),
     ["Site, execution role: new, pass (new.yaml:23)", "Web, execution role: gone, was pass (old.yaml:23)"]),
]  # fmt: skip


def compared(old: str, new: str, told: Told | None = None) -> Comparison:
    sides = (read(Document(name, text), told or Told()) for name, text in (("old.yaml", old), ("new.yaml", new)))
    return diff(*sides)


def verdicts(comparison: Comparison) -> list[str]:
    lines = str(difference.human([comparison])).splitlines()
    return [line.strip() for line in lines if ", execution role:" in line or " lack" in line]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_change_and_the_verdicts(old: str, new: str, expected: list[str]) -> None:
    comparison = compared(old, new)
    assert verdicts(comparison) == expected
    assert bool(comparison.difference.verdicts) is bool(expected)
    assert comparison.difference.changed or not expected


def test_a_file_that_is_new_and_one_that_is_gone() -> None:
    reading = read(Document("t.yaml", MORE))
    assert verdicts(diff(None, reading)) == [f"Web, execution role: new, fail: {MISSING} (t.yaml:23)", LACKS]
    assert verdicts(diff(reading, None)) == ["Web, execution role: gone, was fail (t.yaml:23)"]


def test_what_ecs_would_refuse_is_said_not_to_be_compared() -> None:
    comparison = compared(TEMPLATE, REFUSED)
    found = comparison.difference
    assert (found.verdicts, found.changed) == ((), True)
    why = "The verdicts on the task definitions are not compared: new.yaml ECS would refuse a task definition"
    assert f"! {why}" in str(difference.human([comparison]))
    assert why.split("new.yaml")[0] in str(difference.markdown([comparison]))
    assert not compared(REFUSED, REFUSED).difference.changed


def test_a_parameter_that_only_one_version_has() -> None:
    new = TEMPLATE.replace("Parameters:\n", "Parameters:\n  Image: {Type: String}\n")
    assert compared(TEMPLATE, new, Told(parameters={"Image": "nginx"})).difference.unjudged == ()


def test_the_verdicts_for_programs_and_for_a_pull_request() -> None:
    comparison = compared(TEMPLATE, MORE)
    (verdict,) = json.loads(str(difference.json_text([comparison])))["documents"][0]["verdicts"]
    assert verdict == {
        "task": "Web",
        "role": "execution role",
        "line": 23,
        "before": {"verdict": "pass", "grounds": []},
        "after": {"verdict": "fail", "grounds": [MISSING]},
        "nowLacks": [{"action": "secretsmanager:GetSecretValue", "resource": "${Key}", "when": ""}],
        "noLongerLacks": [],
    }
    assert (
        f"| `Web`, execution role | was pass, now fail: {MISSING} | now lacks"
        " `secretsmanager:GetSecretValue on ${Key}` | `new.yaml:23` |"
    ) in str(difference.markdown([comparison]))


def test_what_is_no_template_has_no_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('{"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}')
    assert diff(read(path), read(path)).difference.verdicts == ()
