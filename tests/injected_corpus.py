"""What injecting roles makes of the templates in a folder: nothing but added lines, and all of it can be taken out.

The roles, those that the macro makes for all values of parameters, and those that `build` writes beside the template
pass `verify` in every world but for gaps.

Usage: python -m tests.injected_corpus [FOLDER]
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cfnroles import Document, InvalidInput, Reading, Told, inject, read
from cfnroles.answers.template_lint import template_problems
from cfnroles.answers.verification import Outcome, Verification
from cfnroles.answers.verify_template import verify_template
from cfnroles.document import parse
from cfnroles.need import Holder, Severity
from cfnroles.sources.role_places import ROLE_PROPERTIES, TARGETS, WHOLE
from cfnroles.targets.cloudformation.expansion import NO_VALUES, MacroSettings, expanded
from cfnroles.targets.cloudformation.inject import removed
from cfnroles.targets.cloudformation.patches import TemplateText
from cfnroles.template.template import resources_of
from tests.built_beside import built_beside

_VALIDATOR = "arn:aws:lambda:us-east-1:123456789012:function:validator"
#: What runs task definitions, and names roles for that.
_RUNNING = ("AWS::ECS::Service", *TARGETS, *WHOLE)
#: What of a task definition is changed where it is there already.
_CHANGED = (("Properties", "ExecutionRoleArn"), ("Properties", "TaskRoleArn"), ("DependsOn",))


def faults(path: Path) -> Iterator[str]:
    """What is wrong with what is injected into a template; raises InvalidInput where nothing can be."""
    reading = read(path)
    text = reading.documents[0].text
    injected = inject(reading, replace_roles=True).text
    again = read(Document(path.name, injected))
    yield from (f"is gone: {line.strip()}" for line in _gone(text, injected))
    if inject(again).text != injected:
        yield "a second run changes it"
    if removed(again) != text:
        yield "what was injected cannot be taken out"
    if not _problems(text):
        yield from (f"cfn-lint: {problem}" for problem in sorted(_problems(injected)))


def misjudged(path: Path) -> Iterator[str]:
    """The roles that lack something or have too much after all, however they were made.

    They are judged with the defaults, and with values that the parameters may have.
    """
    reading = read(path)
    assert reading.template is not None
    injection = inject(reading, replace_roles=True)
    declared, injected = reading.template.declarations, injection.text
    # What a policy cannot say is lacking, and told.
    told = {gap.holder for gap in injection.gaps if gap.what.startswith("a policy cannot say")}
    own = reading.template.resources
    for values in (NO_VALUES, _chosen(declared, random.Random(path.name))):
        yield from (f"injected, {each}" for each in _failed(injected, values, own, told))
        # CloudFormation hands a macro the values of all parameters, defaults among them.
        known = {name: str(each["Default"]) for name, each in declared.items() if "Default" in each}
        settings = MacroSettings(_VALIDATOR, accept_gaps=True)
        made = expanded(_without_roles(reading), settings, "20260101T000000Z", {**known, **values})
        if not made.gaps:
            yield from (f"by the macro, {each}" for each in _failed(json.dumps(made.fragment), values, own))
    yield from (f"by build, {each}" for each in _lacking(built_beside(reading), NO_VALUES, ()))


def _chosen(declared: Mapping[str, Any], chance: random.Random) -> Mapping[str, str]:
    """One of the values of each parameter that lists them."""
    listed = {name: each["AllowedValues"] for name, each in declared.items() if each.get("AllowedValues")}
    chosen = {name: chance.choice(values) for name, values in listed.items()}
    return {name: str(each).lower() if isinstance(each, bool) else str(each) for name, each in chosen.items()}


def _failed(
    text: str, values: Mapping[str, str], own: Mapping[str, Any], told: Collection[Holder] = ()
) -> Iterator[str]:
    found = verify_template(read(Document("template.json", text), Told(parameters=values)))
    yield from _lacking((each for each in found if each.holder not in told or each.excess), values, own)


def _lacking(found: Iterable[Verification], values: Mapping[str, str], own: Collection[str]) -> Iterator[str]:
    for each in found:
        ours = each.holder in ROLE_PROPERTIES or each.role.name.partition(" ")[0] not in (*own, "none")
        if ours and (each.excess or each.outcome in (Outcome.MISSING, Outcome.DENIED)):
            named = each.use.tasks if each.use else ()
            told = f" with {dict(values)}" if values else ""
            yield f"{', '.join(named)}, {each.holder}: {', '.join(map(str, each.grounds))}{told}"


def _without_roles(reading: Reading) -> dict[str, Any]:
    """The tree of a template in which neither task definitions nor what runs them name roles."""
    assert reading.template is not None
    tree: dict[str, Any] = json.loads(json.dumps(reading.template.tree))
    for resource in tree["Resources"].values():
        if resource.get("Type") == "AWS::ECS::TaskDefinition":
            for name in ROLE_PROPERTIES.values():
                resource["Properties"].pop(name, None)
        if resource.get("Type") in _RUNNING:
            _take_out("RoleArn", resource.get("Properties"))
    return tree


def _take_out(name: str, value: Any) -> None:
    """Take all members of this name out of a tree."""
    if isinstance(value, dict):
        value.pop(name, None)
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _take_out(name, member)


def _gone(before: str, after: str) -> Iterator[str]:
    """The lines of a template that are not there any more, but those of what is changed and of empty headers."""
    there = iter(after.splitlines())
    changed = _changed(before)
    for number, line in enumerate(before.splitlines()):
        # What was the last member in braces gets a comma.
        if number not in changed and not any(line in (each, each.removesuffix(",")) for each in there):
            yield line
            there = iter(after.splitlines())


def _changed(text: str) -> frozenset[int]:
    """The numbers of the lines of all that names roles, of all that waits for something, and of empty headers."""
    parts, resources = TemplateText(text, ""), resources_of(parse(text, ""))
    paths: list[tuple[str, ...]] = [("Resources", name, *path) for name in resources for path in _CHANGED]
    running = {name: each for name, each in resources.items() if each.get("Type") in _RUNNING}
    paths += (("Resources", *path) for path in _paths("RoleArn", running))
    places = [place for path in paths if (place := parts.place(path))]
    headers = (parts.place((name,)) for name in ("Metadata", "Parameters", "Conditions"))
    places += [place for place in headers if place and parts.is_nothing(place.value)]
    return frozenset(
        number
        for place in places
        for number in range(text.count("\n", 0, place.start), text.count("\n", 0, place.value.end) + 1)
    )


def _paths(name: str, value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all members of this name."""
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        if step == name:
            yield (*path, name)
        yield from _paths(name, member, (*path, str(step)))


def _problems(text: str) -> set[tuple[str, str]]:
    """The errors that cfn-lint finds."""
    return {(each.check, each.what) for each in template_problems(text) if each.severity is Severity.ERROR}


def main() -> int:
    """Print what is wrong, and how many templates were looked at; 1 where something is wrong."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/corpus/templates")
    counts: Counter[str] = Counter()
    for path in sorted(folder.iterdir()):
        try:
            found = [*faults(path), *misjudged(path)]
        except InvalidInput as error:
            sys.stdout.write(f"{path.name}: {error}\n")
            counts["refused"] += 1
            continue
        sys.stdout.write("".join(f"{path.name}: {fault}\n" for fault in found))
        counts["wrong" if found else "right"] += 1
    sys.stdout.write(f"{dict(counts)}\n")
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
