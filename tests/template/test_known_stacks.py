"""What the worlds of a template share: a resource that is the same in several, and what was worked out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from cfnroles import rediscovery
from cfnroles.checks.subject import template_subject, worlds_in
from cfnroles.document import Document
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told
from cfnroles.table.feature import Feature, Found
from cfnroles.template.atoms import Atom
from cfnroles.template.known_stacks import KnownStacks
from cfnroles.template.template import ResolvedStack, Template, read_template
from cfnroles.template.worlds import Fork, worlds_of

TEMPLATE = """\
Parameters: {A: {Type: String, Default: a}, B: {Type: String}, C: {Type: String}}
Mappings: {Names: {a: {Name: one}, b: {Name: two}}}
Conditions:
  IsA: !Equals [!Ref A, a]
  IsB: !Equals [!Ref B, b]
  Both: !And [!Condition IsA, !Condition IsB]
Resources:
  Plain: {Type: X, Properties: {P: !Ref C, Q: !Ref AWS::Region}}
  There: {Type: X, Condition: IsA, Properties: {P: x}}
  Value: {Type: X, Properties: {P: !Ref A}}
  Chosen: {Type: X, Properties: {P: [!If [IsB, x, !Ref AWS::NoValue], y]}}
  Both: {Type: X, Properties: {P: !If [Both, x, y]}}
  Mapped: {Type: X, Properties: {P: !FindInMap [Names, !Ref A, Name]}}
  Keyed: {Type: X, Properties: {P: !FindInMap [Names, !Ref C, Name]}}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: !If [IsB, x, !Sub 'y-${A}']}}
  Naming: {Type: X, Properties: {P: !GetAtt Named.Arn}}
"""
#: A value that only the deployment knows, as the key of a map.
KEYS = tuple(Atom(f"${{C}} is {key}", "C", key, key=True) for key in "ab")
FORK = Fork(KEYS, tuple({"Fn::Equals": [{"Ref": "C"}, key]} for key in "ab"))
#: How many of each there are in the eight worlds.
DIFFERENT = {
    "Plain": 1,
    "There": 1,
    "Value": 2,
    "Chosen": 2,
    "Both": 2,
    "Mapped": 2,
    "Keyed": 2,
    "Named": 3,
    "Naming": 3,
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_resource_is_one_in_all_worlds_that_make_it_the_same(name: str) -> None:
    worlds = worlds_of(read_template(TEMPLATE, "t.yaml"), forks=(FORK,))
    assert len(worlds.all) == 8
    found = []
    for world in worlds.all:
        template, given, decided = worlds.made(world)
        alone = template.resolve(given, conditions=decided)
        shared = worlds.stack(world).resources.get(name)
        assert shared == alone.resources.get(name)
        found += [shared] if shared is not None else []
    assert len({id(each) for each in found}) == DIFFERENT[name]


def test_what_is_asked_of_a_stack_is_asked_once_where_it_looks_the_same() -> None:
    worlds = worlds_of(read_template(TEMPLATE, "t.yaml"))
    known = KnownStacks()

    def value(stack: ResolvedStack) -> object:
        return stack.resources["Value"].properties["P"]

    def all_there(stack: ResolvedStack) -> object:
        return [*stack.resources]

    def kinds(stack: ResolvedStack) -> object:
        return [each.properties.get("P") for each in stack.of_type("X")]

    for ask, times in ((value, 2), (all_there, 4), (kinds, 4)):
        before = known.asked
        for world in worlds.all:
            stack = worlds.stack(world)
            assert known.answer(ask, stack, ask) == ask(stack)
        assert known.asked - before == times


def of_eight_conditions() -> Template:
    text = "Parameters: {" + ", ".join(f"P{number}: {{Type: String}}" for number in range(8)) + "}\nConditions:\n"
    text += "".join(f"  C{number}: !Equals [!Ref P{number}, x]\n" for number in range(8)) + "Resources:\n"
    for number in range(8):
        image = f"!If [C{number}, 'nginx:latest', 'nginx:1.27']"
        containers = f"[{{Name: web, Image: {image}}}]"
        text += f"  T{number}: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: {containers}}}}}\n"
    return read_template(text, "t.yaml")


def test_lint_looks_at_each_task_definition_in_its_own_worlds() -> None:
    template = of_eight_conditions()
    reading = Reading((Document("t.yaml", ""),), "", Told(), template=template)
    seen = worlds_in(reading)
    assert seen is not None
    assert len(seen.visited) == 256
    for world in seen.visited:
        template_subject(template, seen.worlds, world)
    known: KnownStacks = template.known[template_subject]
    assert known.asked == 16


def test_lint_asks_rows_once_about_what_a_task_definition_has_in_all_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    tell = rediscovery.of_occurrence

    def noted(rows: Sequence[Feature], found: Found) -> Iterator[rediscovery.Thing]:
        asked.append(str(found.value))
        return tell(rows, found)

    monkeypatch.setattr(rediscovery, "of_occurrence", noted)
    container = "{Name: web, Image: nginx, Environment: [{Name: A, Value: same}, {Name: B, Value: !If [IsB, x, y]}]}"
    task = f"{{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{container}]}}}}"
    template = read_template(f"{TEMPLATE}  Task: {task}\n", "t.yaml")
    worlds = worlds_of(template)
    for world in worlds.all:
        assert template_subject(template, worlds, world).tasks
    assert Counter(asked) == {"nginx": 1, "same": 1, "x": 1, "y": 1}
