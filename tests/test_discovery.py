"""The engine between the table and the needs; it knows no feature, so these rows are made up."""

from __future__ import annotations

from awacs import s3

from cfnroles.discovery import Discovery, discover, together
from cfnroles.facts import Facts
from cfnroles.need import Condition, Finding, Gap, Holder, Origin, Reference, Severity, Standing
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Trap, Unnamed
from cfnroles.text import Text
from cfnroles.workload import Workload

WORKLOAD = Workload("task.json", {"family": "shop", "volumes": [{"name": "a"}, {"name": "b"}]})


def itself(found: Found) -> Text:
    return Text("arn:aws:s3:::", found.text)


def unnamed(found: Found) -> Text:
    raise Unnamed("it has no name", "Name it")


def row(name: str = "row", field: str = "volumes[].name", **members: object) -> Feature:
    page = "https://docs.aws.amazon.com/"
    standing = Standing.DOCUMENTED
    return Feature(name, field, Holder.TASK, "it is tested", page, standing, "x", **members)  # type: ignore[arg-type]


def test_each_occurrence_of_a_field_is_a_need_with_its_origin() -> None:
    found = discover(WORKLOAD, Facts(), (row(grants=(Grant(s3.GetObject, on=itself, sid="Read"),)),))
    assert [str(need) for need in found.needs] == [
        f"the task role needs s3:GetObject on arn:aws:s3:::{name}, because volumes[{index}].name of task.json uses row:"
        " it is tested"
        for index, name in enumerate("ab")
    ]


def test_a_row_that_does_not_apply_says_nothing() -> None:
    feature = row(grants=(Grant(s3.GetObject, on=itself, sid="Read"),), when=lambda found: found.text == "b")
    assert [need.permission.resource for need in discover(WORKLOAD, Facts(), (feature,)).needs] == ["arn:aws:s3:::b"]


def test_a_grant_without_a_name_is_a_gap_and_hides_no_other() -> None:
    grants = (Grant(s3.GetObject, on=unnamed, sid="Read"), Grant(s3.ListBucket, on=itself, sid="List"))
    found = discover(WORKLOAD, Facts(), (row(grants=grants),))
    assert [gap.origin.pointer for gap in found.gaps] == ["volumes[0].name", "volumes[1].name"]
    assert {need.permission.action for need in found.needs} == {"s3:ListBucket"}


def test_rows_that_stumble_over_the_same_place_tell_it_once() -> None:
    features = tuple(row(name, grants=(Grant(s3.GetObject, on=unnamed, sid="Read"),)) for name in ("one", "two"))
    assert len(discover(WORKLOAD, Facts(), features).gaps) == 2


def test_what_ecs_would_refuse_is_an_error_and_a_trap_is_a_warning() -> None:
    def refused(found: Found) -> bool:
        raise Malformed("it is wrong", "Mend it")

    errors = discover(WORKLOAD, Facts(), (row(when=refused),)).findings
    assert {finding.severity for finding in errors} == {Severity.ERROR}
    warnings = discover(WORKLOAD, Facts(), (row(trap=lambda found: Trap("it may fail", "Look")),)).findings
    assert {finding.severity for finding in warnings} == {Severity.WARNING}


def test_what_is_hidden_is_a_gap_and_a_row_without_grants_is_free() -> None:
    def hidden(found: Found) -> None:
        raise Unnamed("nobody sees it", "Tell it")

    assert row().is_free
    assert not row(hidden=hidden).is_free
    assert len(discover(WORKLOAD, Facts(), (row(hidden=hidden),)).gaps) == 2


def test_a_condition_with_alternatives_is_a_need_for_each() -> None:
    grant = Grant(
        s3.GetObject,
        on=itself,
        sid="Read",
        conditions=lambda found: (Condition("StringEquals", "aws:A", (Text("1"), Text("2"))),),
    )
    assert len(discover(WORKLOAD, Facts(), (row(grants=(grant,)),)).needs) == 4


def test_a_value_of_another_shape_is_refused_in_words() -> None:
    workload = Workload("task.json", {"volumes": [{"name": 5}]})
    (finding,) = discover(workload, Facts(), (row(grants=(Grant(s3.GetObject, on=itself, sid="Read"),)),)).findings
    assert finding.what == "expected a string, found a number"


def test_references_are_collected_with_their_origins() -> None:
    (first, second) = discover(WORKLOAD, Facts(), (row(reference=lambda found: found.text),)).references
    assert (first.value_from, first.origin.pointer) == ("a", "volumes[0].name")
    assert second.value_from == "b"


def test_a_name_of_another_partition_is_an_error_where_the_region_is_known() -> None:
    feature = row(grants=(Grant(s3.GetObject, on=itself, sid="Read"),))

    assert discover(WORKLOAD, Facts(region="eu-west-1"), (feature,)).findings == ()
    assert discover(WORKLOAD, Facts(), (feature,)).findings == ()
    findings = discover(WORKLOAD, Facts(region="cn-north-1"), (feature,)).findings
    assert [(finding.severity, finding.what) for finding in findings] == [
        (Severity.ERROR, f"arn:aws:s3:::{name} is in the partition aws, but cn-north-1 is in aws-cn") for name in "ab"
    ]


def written_at(line: int) -> Discovery:
    """A reference, a gap and a finding of one field, whose value is written in a line of another place."""
    origin = Origin("main.tf", ("secrets", 0, "valueFrom"), line=line, column=1)
    return Discovery(
        (),
        (Gap(Holder.EXECUTION, "secrets", origin, "it is unknown", "Write it"),),
        (Finding(Severity.WARNING, origin, "it is wrong", "Write it"),),
        (Reference(Text("a"), origin),),
    )


def test_values_of_one_field_are_in_the_order_of_their_lines() -> None:
    found = [together([written_at(line) for line in lines]) for lines in ((1, 2, 3, 4, 5), (4, 2, 5, 3, 1))]
    for each in found:
        for things in (each.gaps, each.findings, each.references):
            assert [thing.origin.line for thing in things] == [1, 2, 3, 4, 5]
