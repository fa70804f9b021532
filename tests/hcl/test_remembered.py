"""What passes share: each result is worked out once for the answers that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import pytest

from cfnroles.hcl.definitions import instances, sites
from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.module import root_module
from cfnroles.hcl.project import Project
from cfnroles.hcl.remembered import Remembered
from cfnroles.hcl.session import Budget, Session, Undecided
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Failed, Value
from cfnroles.hcl.worlds import explored
from tests.evaluated import project, shown

HERE = Place("", 0, 0)


@pytest.fixture
def session() -> Session:
    return Session(Budget())


def counted(work: Callable[[], object]) -> tuple[Callable[[], object], list[None]]:
    """The computation, and one element for each time that it ran."""
    ran: list[None] = []

    def counting() -> object:
        ran.append(None)
        return work()

    return counting, ran


def test_what_asks_nothing_is_worked_out_once(session: Session) -> None:
    known, (work, ran) = Remembered(), counted(object)
    first = session.once(known, work)
    session.begin(Budget(), {"a": False})
    assert session.once(known, work) is first
    assert len(ran) == 1


def test_a_condition_is_asked_again_where_its_result_is_known(session: Session) -> None:
    known, (work, ran) = Remembered(), counted(lambda: session.holds("a") and session.holds("b"))
    found = []
    for decided in ({}, {"b": False}, {"c": False}, {"a": False}, {"a": False, "b": False}):
        session.begin(Budget(), decided)
        found.append((session.once(known, work), list(session.asked.items())))
    assert found == [
        (True, [("a", True), ("b", True)]),
        (False, [("a", True), ("b", False)]),
        (True, [("a", True), ("b", True)]),
        (False, [("a", False)]),
        (False, [("a", False)]),
    ]
    assert len(ran) == 3


def test_a_part_that_is_known_counts_for_the_whole(session: Session) -> None:
    part, whole = Remembered(), Remembered()
    session.once(part, lambda: session.holds("a"))
    session.begin(Budget())
    assert session.once(whole, lambda: session.once(part, lambda: session.holds("a")))
    session.begin(Budget(), {"a": False})
    assert not session.once(whole, lambda: session.once(part, lambda: session.holds("a")))


def peeked(session: Session) -> bool | None:
    try:
        with session.peeking():
            return session.holds("a")
    except Undecided:
        return None


def test_a_condition_that_the_pass_has_not_met_is_another_answer(session: Session) -> None:
    known = Remembered()
    assert session.once(known, lambda: peeked(session)) is None
    assert not session.asked
    session.holds("a")
    assert session.once(known, lambda: peeked(session)) is True
    session.begin(Budget())
    assert session.once(known, lambda: peeked(session)) is None


def test_peeking_at_a_known_result_meets_no_condition(session: Session) -> None:
    known = Remembered()
    session.once(known, lambda: session.holds("a"))
    session.begin(Budget())
    with pytest.raises(Undecided), session.peeking():
        session.once(known, lambda: session.holds("a"))
    assert not session.asked


def test_what_was_asked_before_a_lookup_that_fails_is_asked_in_order(session: Session) -> None:
    """A lookup that ends without a result must not meet a condition that the computation only peeks at."""

    def work() -> tuple[bool | None, bool]:
        return peeked(session), session.holds("a")

    known = Remembered()
    assert session.once(known, work) == (None, True)
    session.begin(Budget(), {"a": False})
    assert session.once(known, work) == (None, False)


def test_what_is_noted_is_noted_again(session: Session) -> None:
    known = Remembered()
    for _ in range(2):
        session.begin(Budget())
        session.once(known, lambda: session.note("defaults", "v", None))
        assert session.defaults == {"v": None}


def test_a_result_that_depends_on_a_cycle_is_not_kept(session: Session) -> None:
    def work() -> str:
        try:
            session.enter("thing", "it", HERE)
        except Failed:
            return "cycle"
        return "none"

    known = Remembered()
    session.enter("thing", "it", HERE)
    assert session.once(known, work) == "cycle"
    session.leave("thing")
    assert session.once(known, work) == "none"


def test_what_raises_is_not_kept_and_its_questions_count(session: Session) -> None:
    def fails() -> bool:
        session.holds("a")
        raise Failed("it")

    def whole() -> bool:
        try:
            return session.once(Remembered(), fails)
        except Failed:
            return session.holds("a")

    known = Remembered()
    assert session.once(known, whole) is True
    session.begin(Budget(), {"a": False})
    assert session.once(known, whole) is False


INPUTS = """
variable "a" { default = "a" }
variable "b" { default = "b" }
output "it" { value = [var.a, var.b] }
"""


def test_readings_share_what_their_inputs_do_not_change() -> None:
    """The value of a variable that both readings have is the same object, and that of the other is its own."""
    whole = project({"main.tf": INPUTS}, {})
    node = whole.root.outputs["it"].body.arguments["value"]

    def read(reading: Project) -> tuple[list[Value], dict[str, None]]:
        module = root_module(reading)
        module.session.begin(Budget())
        return evaluate(node, module.scope).data, module.session.defaults

    (a, b), usual = read(whole)
    (same, other), opened = read(whole.again(opened=frozenset({"b"})))
    assert same is a
    assert (b.data, other.unknown and other.unknown.name) == ("b", "var.b")
    assert (list(usual), list(opened)) == (["a", "b"], ["a"])
    assert [each.data for each in read(whole)[0]] == ["a", "b"]


REPEATED = """
variable "keys" { default = ["x", "y"] }
resource "aws_ecs_task_definition" "app" {
  for_each = toset(var.keys)
  family   = each.key
}
"""


def test_a_reading_with_any_key_shares_no_keys_with_one_that_has_them() -> None:
    whole = project({"main.tf": REPEATED}, {})
    (site,) = sites(whole, "aws_ecs_task_definition")

    def addresses(reading: Project) -> list[str]:
        module = root_module(reading)
        module.session.begin(Budget())
        return [each.address.partition("[")[2] for each in instances(site, module)]

    readings = (whole, whole.again(any_key=True), whole)
    assert [addresses(each) for each in readings] == [['"x"]', '"y"]'], ["each.key]"], ['"x"]', '"y"]']]


MANY = """
variable "a" { type = bool }
variable "b" { type = bool }
variable "c" { type = bool }
locals {
  long = [for each in range(300) : "${each}"]
  own  = var.c ? length(local.long) : 0
}
output "it" { value = [var.a ? 1 : 0, var.b ? 1 : 0, local.own, length(local.long)] }
"""


def test_passes_share_what_no_condition_changes() -> None:
    """Eight passes in the budget of less than two: the long list is the same in all of them."""
    whole = project({"main.tf": MANY}, {})
    module = root_module(whole)
    node = whole.root.outputs["it"].body.arguments["value"]

    found, exact = explored(lambda _: str(shown(evaluate(node, module.scope))), Budget(1000), session=module.session)
    assert exact
    expected = [f"[{a}, {b}, {c}, 300]" for a, b, c in product((0, 1), (0, 1), (0, 300))]
    assert sorted(each for _, each in found) == sorted(expected)


CONTAINERS = f"""
variable "a" {{ type = bool }}
variable "image" {{ default = "web" }}
output "it" {{
  value = [
    {{ name = "web", image = var.image, command = ["{"x" * 200}"] }},
    {{ name = "proxy", image = var.a ? "one" : "other", command = ["{"x" * 200}"] }},
  ]
}}
"""


def test_passes_and_readings_share_the_elements_that_they_do_not_change() -> None:
    """Each container is one object wherever what it asks for has the same answer."""
    whole = project({"main.tf": CONTAINERS}, {})
    node = whole.root.outputs["it"].body.arguments["value"]

    def read(reading: Project, a: bool) -> tuple[list[Value], Mapping[str, bool]]:
        module = root_module(reading)
        module.session.begin(Budget(), {"var.a": a})
        return evaluate(node, module.scope).data, module.session.asked

    (web, proxy), asked = read(whole, True)
    (same, other), _ = read(whole, False)
    (open_, again), met = read(whole.again(opened=frozenset({"image"})), True)
    assert (same is web, again is proxy, list(asked), list(met)) == (True, True, ["var.a"], ["var.a"])
    images = [str(shown(each.data["image"])) for each in (web, proxy, other, open_)]
    assert images == ["web", "one", "other", "<var.image>"]


def test_an_element_in_a_loop_is_evaluated_for_each_turn() -> None:
    body = f'{{ name = each, command = ["{"x" * 200}"] }}'
    whole = project({"main.tf": f'output "it" {{ value = [for each in ["a", "b"] : [{body}]] }}'}, {})
    module = root_module(whole)
    found = evaluate(whole.root.outputs["it"].body.arguments["value"], module.scope)
    assert [each.data[0].data["name"].data for each in found.data] == ["a", "b"]
