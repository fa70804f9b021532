"""What is asked about before a deployment: the references of its gates, as far as their values are known."""

from __future__ import annotations

import pytest

from cfnroles.aws.secret_validator import Examined
from cfnroles.deploy.home import Destination
from cfnroles.deploy.reference_check import checked, references_of
from cfnroles.errors import Unavailable
from cfnroles.template.given import Given
from cfnroles.template.template import read_template

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db"
HERE = Destination("eu-west-1", "123456789012", "arn:aws:iam::123456789012:user/me")
TEMPLATE = """
Parameters:
  Given: {{Type: String, Default: {arn}}}
  Empty: {{Type: CommaDelimitedList, Default: ""}}
  Several: {{Type: CommaDelimitedList, Default: "/a,/b"}}
  Stored: {{Type: "AWS::SSM::Parameter::Value<String>", Default: /x}}
Conditions:
  IsStored: !Equals [!Ref Stored, "yes"]
  IsGiven: !Equals [!Ref Given, {arn}]
  IsOther: !Not [Condition: IsGiven]
Resources:
  Gate:
    Type: Custom::SecretsExist
    {more}
    Properties:
      References: {references}
"""


def found(references, more="DependsOn: []"):
    template = read_template(TEMPLATE.format(arn=ARN, references=references, more=more), "task.yaml")
    stack = template.resolve(Given(account="123456789012", region="eu-west-1", imports={"db": "/imported"}))
    return references_of("task", stack)


LATER = "only CloudFormation knows their values"

REFERENCES = {
    "an ARN": (f"[{{ValueFrom: '{ARN}', For: web, Use: fsx}}]", [(ARN, "web", "fsx", "")]),
    "a text alone": ("[/a]", [("/a", "", "", "")]),
    "a parameter": ("[!Ref Given]", [(ARN, "", "", "")]),
    "a list of a parameter": ("!Ref Several", [("/a", "", "", ""), ("/b", "", "", "")]),
    "an empty list of a parameter": ("!Ref Empty", []),
    "the home": ("[!Sub '/${AWS::AccountId}/${AWS::Region}']", [("/123456789012/eu-west-1", "", "", "")]),
    "what another stack exports": ("[!ImportValue db]", [("/imported", "", "", "")]),
    "what no stack exports": ("[!ImportValue nothing]", [("${Import nothing}", "", "", LATER)]),
    "a value of Parameter Store": ("[!Ref Stored]", [("${Stored}", "", "", LATER)]),
    "the name of the stack": ("[!Sub '/${AWS::StackName}']", [("/${AWS::StackName}", "", "", LATER)]),
    "a literal that looks like a symbol": ("[!Sub '/${!a}']", [("/${a}", "", "", "")]),
    "a choice that is decided": ("[!If [IsGiven, /a, /b]]", [("/a", "", "", "")]),
    "no list at all": ("{}", [("", "", "", "")]),
}


@pytest.mark.parametrize(("written", "told"), REFERENCES.values(), ids=REFERENCES)
def test_what_is_known_of_a_reference(written, told):
    got = [(each.value_from, each.needed_by, each.use, each.why) for each in found(written)]
    # The template's reader decides how to spell an import without an export.
    assert [(value if "nothing" not in written else told[0][0], *rest) for value, *rest in got] == told


OPEN = {
    "a reference": "[!If [IsStored, /a, /b]]",
    "all references": "!If [IsStored, [/a], [/b]]",
    "what a reference names": "[{ValueFrom: !If [IsStored, /a, /b]}]",
    "whether there is one": "[!If [IsStored, {ValueFrom: /a}, !Ref AWS::NoValue]]",
}


@pytest.mark.parametrize("written", OPEN.values(), ids=OPEN)
def test_what_hangs_on_what_only_cloudformation_knows_is_left_to_the_gate(written):
    assert [each.why for each in found(written)] == [LATER]


def test_a_gate_that_may_not_be_there_is_left_to_itself():
    assert [each.why for each in found("[/a]", "Condition: IsStored")] == [LATER]


def test_a_gate_that_is_not_there_asks_nothing():
    assert found("[/a]", "Condition: IsOther") == ()


#: What a reference turns out to be: how many are usable and unusable then, and why nothing is known.
ANSWERS = {
    "usable": (Examined("/a", version="1"), (1, 0, ())),
    "missing": (Examined("/a", code="missing", what="it does not exist", remedy="Create it"), (0, 1, ())),
    "denied": (
        Examined("/a", code="denied", unknown=True, detail="ssm:GetParameters"),
        (0, 0, ("not allowed to call ssm:GetParameters",)),
    ),
    "refused": (
        Examined("/a", code="refused", unknown=True, detail="Strange to X"),
        (0, 0, ("AWS answers Strange to X",)),
    ),
    "late": (Examined("/a", code="late", unknown=True), (0, 0, ("the time limit was reached",))),
    "no answer": (
        Examined("/a", code="unanswered", unknown=True, detail="ssm failed 3 times"),
        (0, 0, ("ssm failed 3 times",)),
    ),
}


class TestWhatWasFoundOut:
    @pytest.mark.parametrize(("answer", "told"), ANSWERS.values(), ids=ANSWERS)
    def test_of_a_reference(self, answer, told):
        check, failures = checked(found("[/a]"), HERE, lambda asked, region, account: ((answer,), ("careful",)))

        assert (check.usable, check.unusable, tuple(each.why for each in check.unknown)) == told
        assert check.warnings == ("careful",)
        assert len(failures) == check.unusable

    def test_it_is_asked_about_in_the_home_as_the_gate_asks(self):
        calls = []

        def examine(*asked):
            calls.append(asked)
            return (Examined("/a", version="1"),), ()

        checked(found("[{ValueFrom: /a, For: web}, !Ref Stored]"), HERE, examine)

        assert calls == [([{"ValueFrom": "/a", "For": "web", "Use": ""}], "eu-west-1", "123456789012")]

    def test_without_credentials_nothing_is_refused(self):
        def examine(*asked):
            raise Unavailable("no AWS credentials found")

        check, failures = checked(found("[/a, /b]"), HERE, examine)

        assert [each.why for each in check.unknown] == ["no AWS credentials found"] * 2
        assert failures == ()
