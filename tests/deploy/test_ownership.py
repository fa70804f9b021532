"""Another user's stack under one of our names: never replaced, never deleted, only adopted on purpose."""

from __future__ import annotations

import json

import pytest

from cfnroles import build, read
from cfnroles.deploy.ownership import Deployed, maker
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.statuses import STATUSES
from cfnroles.targets.cloudformation.generic import generic_files
from cfnroles.targets.cloudformation.template_text import to_json

PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "kept for years"}}
FOREIGN = json.dumps({"Description": "Prices of the shop", "Resources": {"Prices": PARAMETER}})
GONE = {"DELETE_COMPLETE", "DELETE_IN_PROGRESS"}
LEFT_ALONE = sorted(STATUSES.keys() - GONE - {"MISSING", "REVIEW_IN_PROGRESS"})


@pytest.fixture
def foreign(double):
    """Put another user's stack into a status."""

    def put(status="CREATE_COMPLETE", **more):
        return double.has("shop-roles", status, template=FOREIGN, tags={"team": "prices"}, **more)

    return put


class TestAStranger:
    @pytest.mark.parametrize("command", [("deploy", "--yes"), ("deploy", "--plan"), ("delete", "--yes")])
    @pytest.mark.parametrize("status", LEFT_ALONE)
    def test_is_left_alone_in_every_status(self, double, cfnroles, stacks, foreign, command, status):
        foreign(status)

        answer = cfnroles(command[0], stacks, *command[1:])

        assert answer.code == 1
        assert answer.err.startswith(
            "error: shop-roles: not created by cfnroles\nits tags: team=prices\nwhat would be lost: Prices"
            " (AWS::SSM::Parameter)\n"
        )
        assert [call for call in double.calls if call.endswith(" shop-roles")] == []
        assert not any(kept.change_sets for kept in double.stacks.values())

    @pytest.mark.parametrize(
        ("command", "remedy"),
        [
            ("deploy", "or take it over with --adopt"),
            ("delete", "cfnroles does not delete a stack that it did not create"),
        ],
    )
    def test_what_to_do_is_told(self, cfnroles, stacks, foreign, command, remedy):
        foreign()

        assert remedy in cfnroles(command, stacks, "--yes").err

    def test_delete_names_all_that_stands_against_it_at_once(self, double, cfnroles, stacks, foreign):
        foreign()
        double.has("shop-task", "CREATE_COMPLETE", template=FOREIGN, tags={"team": "tasks"})
        double.has("shop-secret-validator", "CREATE_COMPLETE", protected=True)

        refused = cfnroles("delete", stacks, "--yes")

        assert refused.code == 1
        assert "shop-task: not created by cfnroles\nits tags: team=tasks\n" in refused.err
        assert "shop-roles: not created by cfnroles\nits tags: team=prices\n" in refused.err
        assert "shop-secret-validator: termination protection is on" in refused.err
        assert not any(call.startswith("DeleteStack") for call in double.calls)

    def test_delete_adopts_nothing(self, cfnroles, stacks):
        assert cfnroles("delete", stacks, "--yes", "--adopt").code == 2

    def test_nothing_of_the_project_is_deployed_beside_it(self, double, cfnroles, stacks, foreign):
        foreign()

        assert cfnroles("deploy", stacks, "--yes").code == 1
        assert [kept.name for kept in double.stacks.values()] == ["shop-roles"]

    def test_that_somebody_is_deleting_is_waited_for(self, double, cfnroles, stacks, foreign):
        kept = foreign("DELETE_IN_PROGRESS")
        kept.then.append(("DELETE_COMPLETE", "", "", "", "theirs"))

        assert cfnroles("deploy", stacks, "--yes", "--only", "shop-roles").code == 0
        assert double.named("shop-roles").status == "CREATE_COMPLETE"

    def test_whose_deletion_fails_is_a_stranger_still(self, double, cfnroles, stacks, foreign):
        kept = foreign("DELETE_IN_PROGRESS")
        kept.then.append(("DELETE_FAILED", "", "", "", "theirs"))

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        assert "not created by cfnroles" in answer.err
        assert double.calls == []

    def test_whose_resources_cannot_be_listed_is_left_alone_too(self, double, cfnroles, stacks, foreign, monkeypatch):
        from cfnroles.errors import Unavailable

        def denied(stack):
            raise Unavailable("not allowed to call cloudformation:ListStackResources")

        foreign()
        monkeypatch.setattr(double, "resources", denied)

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert "its resources, which could not be listed (not allowed to call" in answer.err


class TestAdopting:
    def test_the_plan_shows_it(self, cfnroles, stacks, foreign):
        foreign()

        human = cfnroles("deploy", stacks, "--plan", "--adopt").out
        markdown = cfnroles("deploy", stacks, "--plan", "--adopt", "--format", "markdown").out
        values = json.loads(cfnroles("deploy", stacks, "--plan", "--adopt", "--format", "json").out)

        for text in (human, markdown.replace("`", "")):
            assert "not created by cfnroles: it is taken over (--adopt)" in text
            assert "what would be lost: Prices (AWS::SSM::Parameter)" in text
        assert [stack["adopted"] for stack in values["stacks"]] == [
            None,
            {"tags": {"team": "prices"}, "lost": ["Prices (AWS::SSM::Parameter)"]},
            None,
        ]

    def test_it_is_known_again_by_its_tag(self, double, cfnroles, stacks, foreign):
        kept = foreign()

        assert cfnroles("deploy", stacks, "--yes", "--adopt", "--only", "shop-roles").code == 0
        assert kept.tags == {"team": "prices", "cfnroles:project": "shop"}
        kept.template = FOREIGN
        assert cfnroles("deploy", stacks, "--yes", "--only", "shop-roles").code == 0

    def test_what_remains_of_a_creation_that_failed_is_deleted_only_then(self, double, cfnroles, stacks, foreign):
        foreign("ROLLBACK_COMPLETE")

        answer = cfnroles("deploy", stacks, "--yes", "--adopt", "--only", "shop-roles")

        assert answer.code == 0, answer.err
        assert "DeleteStack shop-roles" in double.calls

    def test_a_person_is_asked_though_only_the_tags_change(self, cfnroles, stacks, foreign, double, monkeypatch):
        foreign()
        double.changes["shop-roles"] = ()
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.confirm", lambda *_, **__: False)

        assert cfnroles("deploy", stacks, "--adopt", "--only", "shop-roles").code == 1


class TestOurs:
    def test_created_stacks_have_the_projects_tag(self, double, cfnroles, stacks):
        assert cfnroles("deploy", stacks, "--yes", "--parameter", "ProjectName=other").code == 0
        assert {kept.tags["cfnroles:project"] for kept in double.stacks.values()} == {"other"}

    def test_a_stack_from_before_there_was_a_tag_keeps_its_tags(self, double, cfnroles, stacks):
        template = {"Description": "IAM roles of shop, with the permissions that it needs.", "Resources": {}}
        kept = double.has("shop-roles", "CREATE_COMPLETE", template=json.dumps(template), tags={"team": "shop"})

        assert cfnroles("deploy", stacks, "--yes", "--only", "shop-roles").code == 0
        assert kept.tags == {"team": "shop"}

    def test_and_gets_it_together_with_other_tags(self, double, cfnroles, stacks):
        template = {"Description": "IAM roles of shop, with the permissions that it needs.", "Resources": {}}
        kept = double.has("shop-roles", "CREATE_COMPLETE", template=json.dumps(template), tags={"team": "shop"})

        assert cfnroles("deploy", stacks, "--yes", "--only", "shop-roles", "--tag", "team=web").code == 0
        assert kept.tags == {"team": "web", "cfnroles:project": "shop"}


def of_a_project(name, *, tag="", given="", stack="shop-roles"):
    """A template that was built for a project, as the double keeps it."""
    template = {
        "Metadata": {"cfnroles": {"stack": stack}},
        "Parameters": {"ProjectName": {"Type": "String", "Default": name}},
        "Resources": {"Prices": PARAMETER},
    }
    return {
        "template": json.dumps(template),
        "tags": {"cfnroles:project": tag} if tag else {},
        "parameters": {"ProjectName": given} if given else {},
    }


class TestAnotherProject:
    """Two projects of cfnroles come to one name: the service web of shop, and the project shop-web."""

    @pytest.mark.parametrize("command", [("deploy", "--yes"), ("deploy", "--plan"), ("delete", "--yes")])
    @pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_FAILED"])
    @pytest.mark.parametrize(
        "theirs",
        [of_a_project("market", tag="market"), of_a_project("market"), of_a_project("bazaar", given="market")],
        ids=["tagged", "deployed without us", "by its parameter"],
    )
    def test_is_left_alone(self, double, cfnroles, stacks, command, status, theirs):
        double.has("shop-roles", status, **theirs)

        answer = cfnroles(command[0], stacks, *command[1:])

        assert answer.code == 1
        assert answer.err.startswith(
            "error: shop-roles: created by cfnroles for the project market, not for shop\nits tags: "
        )
        assert "what would be lost: Prices (AWS::SSM::Parameter)\n" in answer.err
        assert [call for call in double.calls if call.endswith(" shop-roles")] == []

    def test_is_taken_over_on_purpose(self, double, cfnroles, stacks):
        kept = double.has("shop-roles", "CREATE_COMPLETE", **of_a_project("market", tag="market"))

        answer = cfnroles("deploy", stacks, "--yes", "--adopt", "--only", "shop-roles")

        assert answer.code == 0
        assert "! created by cfnroles for the project market, not for shop: it is taken over (--adopt)" in answer.err
        assert kept.tags == {"cfnroles:project": "shop"}

    @pytest.mark.parametrize(
        "ours",
        [of_a_project("shop", tag="stage", given="stage"), of_a_project("service", given="shop"), of_a_project("")],
        ids=["built for it", "deployed for it", "nobody knows"],
    )
    def test_is_none_that_has_one_name_in_common(self, double, cfnroles, stacks, ours):
        double.has("shop-roles", "CREATE_COMPLETE", **ours)

        assert cfnroles("deploy", stacks, "--yes", "--only", "shop-roles").code == 0


class TestAnotherTask:
    """Two task definitions that are built for one project in two directories come to the same names."""

    @pytest.fixture
    def stacks(self, stacks):
        roles = stacks / "shop-roles.yaml"
        roles.write_text(f"Metadata: {{cfnroles: {{stack: web-roles}}}}\n{roles.read_text()}")
        return stacks

    @pytest.mark.parametrize("command", [("deploy", "--yes"), ("deploy", "--plan"), ("delete", "--yes")])
    def test_is_left_alone(self, double, cfnroles, stacks, command):
        double.has("shop-roles", "CREATE_COMPLETE", **of_a_project("shop", tag="shop", stack="api-roles"))

        answer = cfnroles(command[0], stacks, *command[1:])

        assert answer.code == 1
        assert answer.err.startswith(
            "error: shop-roles: created by cfnroles for api, another task of the project, not for web\n"
        )
        assert [call for call in double.calls if call.endswith(" shop-roles")] == []

    def test_is_taken_over_on_purpose(self, double, cfnroles, stacks):
        double.has("shop-roles", "CREATE_COMPLETE", **of_a_project("shop", tag="shop", stack="api-roles"))

        assert cfnroles("deploy", stacks, "--yes", "--adopt", "--only", "shop-roles").code == 0

    @pytest.mark.parametrize("mark", ["task-role", 5, ["a-roles"], "-roles"])
    def test_is_none_that_no_mark_names(self, double, cfnroles, stacks, mark):
        double.has("shop-roles", "CREATE_COMPLETE", **of_a_project("shop", tag="shop", stack=mark))

        assert cfnroles("deploy", stacks, "--yes", "--only", "shop-roles").code == 0


SHOP = build(read("examples/shop.json")).stacks
PROJECT = build(read("examples/shop-project/cfnroles.yaml")).stacks


def is_written(template):
    """Whether cfnroles is known to have written a template by the template alone."""
    return not maker(Deployed("deployed", (), template), StackSource("deployed", "deployed.yaml", template))


@pytest.mark.parametrize("stack", [*SHOP, *PROJECT], ids=lambda stack: stack.name)
def test_every_template_of_a_build_is_known_again(stack):
    text = to_json(stack.template)
    before_the_mark = {name: value for name, value in stack.template.items() if name != "Metadata"}
    undescribed = {name: value for name, value in stack.template.items() if name != "Description"}

    assert is_written(text)
    assert is_written(json.dumps(before_the_mark))
    assert is_written(json.dumps(undescribed))


@pytest.mark.parametrize("name", [name for name in generic_files() if name.endswith(".yaml")])
def test_every_generic_template_is_known_again(name):
    text = generic_files()[name]

    assert is_written(text)
    assert is_written(text.replace("    stack: ", "    other: "))


@pytest.mark.parametrize(
    "text",
    [
        FOREIGN,
        "neither JSON nor YAML: [",
        "",
        '{"Resources": {}, "Metadata": {"cfnroles": {"ignore": ["mutable-image"]}}}',
        '{"Resources": {"Gate": {"Type": "Custom::SecretsExist"}}}',
        '{"Resources": {}, "Metadata": {"cfnroles": "stack"}}',
        '{"Resources": {}, "Metadata": ["cfnroles"]}',
        '{"Resources": {}, "Description": {"cfnroles": "IAM roles"}}',
    ],
)
def test_what_others_wrote_is_not(text):
    ours = StackSource("deployed", "deployed.json", to_json(SHOP[0].template))

    assert maker(Deployed("deployed", (), text), ours) == "not created by cfnroles"
