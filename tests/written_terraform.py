"""Whether the Terraform that is written for a corpus reads back to the same needs, and has Terraform's own layout.

Usage: python -m tests.written_terraform [CORPUS] [MIRROR]

Nothing is taken from the target: what it wrote is evaluated like any user's file, with a value for each variable, and
the statements are multiplied out to single permissions.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cfnroles import Told, read
from cfnroles.errors import CfnrolesError, InvalidInput
from cfnroles.hcl.definitions import instances, sites
from cfnroles.hcl.directory import Below, Files
from cfnroles.hcl.module import Module
from cfnroles.hcl.project import Project
from cfnroles.hcl.session import Budget, Session, TooMuch
from cfnroles.hcl.values import Encoded, Failed, Lazy, Value, text
from cfnroles.hcl.worlds import explored
from cfnroles.need import Holder, Need
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_configured import CALLED_BY
from cfnroles.sources.terraform_directory import read_files
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.statements import compose
from cfnroles.symbols import (
    AfterParameter,
    Cut,
    Expression,
    Import,
    InImage,
    Parameter,
    ParameterPath,
    PolicyVariable,
    PseudoParameter,
    Symbol,
    Wildcard,
)
from cfnroles.symbols import Field as SymbolField
from cfnroles.table.ecs.run_by import OF_THE_TASK
from cfnroles.targets.terraform.any_value import place_in_tree
from cfnroles.targets.terraform.build import files_of
from cfnroles.targets.terraform.instances import without_instances
from cfnroles.targets.terraform.names import identifier
from cfnroles.targets.terraform.written_file import TerraformFile
from cfnroles.text import Text, from_spelling, text_of
from cfnroles.written import as_written
from tests.evaluated import Written
from tests.terraform_corpus import Committed

_FILE = "written.cfnroles.tf"

#: What the file asks AWS of the account and the Region of a provider that has a name.
_OF_AWS = re.compile(r"data\.aws_(?:caller_identity|partition|region)\.\w+\.(account_id|partition|id|dns_suffix)")
_PSEUDO = {
    "account_id": "AWS::AccountId",
    "partition": "AWS::Partition",
    "id": "AWS::Region",
    "dns_suffix": "AWS::URLSuffix",
}

#: One action on one resource under conditions with one value each; all of them in words.
Granted = tuple[str, str, frozenset[tuple[str, str, str]]]


@dataclass
class Outcome:
    """What became of one source: ``same``, ``different`` or ``refused``, with what is lacking or too much."""

    name: str
    result: str
    detail: str = ""
    permissions: int = 0
    files: tuple[TerraformFile, ...] = ()


#: One role, and of which instance of the task definition it is.
Role = tuple[Holder, str]


def granted(
    file: TerraformFile, beside: Files, images: Collection[str], opened: Collection[str] = (), *, any_text: bool
) -> dict[Role, set[Granted]]:
    """What each role may do, as the file says it to Terraform; ``any_text`` is as for ``Project``.

    The variables ``opened`` are given a value.
    """
    files = Beside(Below(beside, posixpath.dirname(file.path) or "."), {_FILE: file.text})
    variables = Project(files).root.variables
    own = {
        name: block
        for name, block in variables.items()
        # An unknown Boolean is evaluated both ways.
        if block.place.document == _FILE and block.body.arguments["type"].written != "bool"
    }
    # The directory may have such an output of its own.
    outputs = Project(files).root.outputs.items()
    written = [name for name, block in outputs if block.place.document == _FILE and name.endswith("_task_role_arn")]
    stem = written[0].removesuffix("task_role_arn")
    given = {name: _sample(name.removeprefix(stem), images) for name in own}
    lists = {
        name: f'["{value}"]' for name, value in given.items() if "list" in own[name].body.arguments["type"].written
    }
    theirs = {name.removeprefix("var."): _sample(name, images) for name in opened}
    project = Project(files, {**given, **lists, **theirs}, any_text=any_text)
    found: dict[Role, set[Granted]] = {}
    for kind in ("aws_iam_role_policy", "aws_iam_policy"):
        for site in sites(project, kind):
            if site.calls or site.place.document != _FILE:
                continue

            def work(session: Any, site: Any = site) -> list[Any]:
                made = instances(site, Module(project, session))
                return [(each.address[len(site.address) :], each.argument("policy")) for each in made]

            worlds, exact = explored(work, Budget(10_000_000))
            assert exact
            for _, policies in worlds:
                for key, policy in policies:
                    # What is there on conditions alone has one instance, where the task definition has none.
                    role = _holder(site.name), key if file.locals[_holder(site.name)].endswith("]") else ""
                    found.setdefault(role, set()).update(_permissions(policy))
    return found


class Beside:
    """The files of a directory, and more."""

    def __init__(self, files: Files, more: Mapping[str, str]) -> None:
        self._files, self._more = files, more

    def names(self, directory: str) -> tuple[str, ...]:
        more = self._more if directory == "." else ()
        return tuple(sorted({*self._files.names(directory), *more}))

    def text(self, path: str) -> str | None:
        return self._more.get(path) or self._files.text(path)

    def called(self, path: str) -> str:
        return path if path in self._more else self._files.called(path)

    def in_own_tree(self, path: str) -> bool:
        return self.in_repository(path)

    def in_repository(self, path: str) -> bool:
        return self._files.in_repository(path)

    def inside(self, path: str, directory: str) -> bool:
        return self._files.inside(path, directory)


def _holder(name: str) -> Holder:
    stems = {kind.holder: kind.holder.removesuffix(" role").replace(" ", "_") for kind in ROLE_KINDS}
    return next(holder for holder, stem in stems.items() if re.search(rf"_{stem}(_\d+)?$", name))


def _permissions(policy: Value) -> Iterator[Granted]:
    for statement in _plain(policy)["Statement"]:
        if statement["Effect"] == "Deny":
            continue  # It is there if no other is, and has no effect.
        conditions: list[list[tuple[str, str, str]]] = [[]]
        for operator, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                conditions = [[*each, (operator, key, value)] for each in conditions for value in _many(values)]
        for action in _many(statement["Action"]):
            for resource in _many(statement["Resource"]):
                yield from ((action, resource, frozenset(each)) for each in conditions)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Value) -> Any:
    data = value.data
    if isinstance(data, Lazy):
        return _plain(data.all(value.place))
    if isinstance(data, Encoded):
        return _plain(data.value)
    if isinstance(data, list):
        return [_plain(each) for each in data]
    if isinstance(data, dict):
        return {key: _plain(each) for key, each in data.items()}
    return _spelled(shaped(text(value)))


def _spelled(told: Text, images: Collection[str] = ()) -> str:
    """A text in one form, whether it was discovered or read back."""
    found = "".join(part if isinstance(part, str) else _symbol(part, images) for part in as_written(told).parts)
    # Where a Region is known for the values of here alone, the file asks for the partition.
    return found.replace("arn:<AWS::Partition>:", "arn:aws:")


def _symbol(symbol: Symbol, images: Collection[str]) -> str:
    match symbol:
        case PseudoParameter():
            return f"<{symbol.name}>"
        case Wildcard():
            return symbol.spelled
        case PolicyVariable():
            return f"${{{symbol.name}}}"
        case InImage() if _of_terraform(symbol):
            return f"<{symbol.name}>"
        case InImage():
            return _in_image(symbol.part, _spelled(from_spelling(symbol.image, policy=False), images))
        case Cut():
            return _piece(symbol, _symbol(symbol.of, images))
        case Expression():
            known = _OF_AWS.fullmatch(symbol.written[2:-1])
            return f"<{_PSEUDO[known[1]]}>" if known else f"<{symbol.written[2:-1]}>"
    return _sample(symbol.export if isinstance(symbol, Import) else symbol.name, images)


def _of_terraform(symbol: InImage) -> bool:
    """Whether the user's own expression is asked, in the file, too."""
    return any(isinstance(each, Expression) for each in text_of(symbol.image).symbols)


def _in_image(part: str, image: str) -> str:
    account, _, _, region, _ = image.split("/")[0].split(".", 4)
    found = {"account": account, "region": region, "repository": image.partition("/")[2].partition(":")[0]}
    return found.get(part, image)


def _piece(symbol: Cut, whole: str) -> str:
    match symbol:
        case ParameterPath():
            return "parameter/" if whole.startswith("arn:") else f"parameter/{whole.removeprefix('/')}"
        case AfterParameter():
            return whole.partition(":parameter/")[2]
        case SymbolField():
            fields = whole.split(":")
            found = fields[symbol.number] if symbol.number < len(fields) else ""
            return found.partition(symbol.before)[0] if symbol.before else found
    raise AssertionError(symbol)


def _sample(name: str, images: Collection[str]) -> str:
    """The value that a parameter is given."""
    short = re.sub(r"[^a-z0-9]", "", re.sub(r"\$\{[^}]*\}", "", name).lower())
    if short in images:
        return f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/{short}:1"
    return f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{short}-AbCdEf"


def called(beside: Files) -> dict[str, str]:
    """The names of resources in a configuration, which replace the resources in an evaluated policy."""
    project = Project(beside)
    module = Module(project, Session(project.budget))
    found: dict[str, str] = {}
    for kind, argument in CALLED_BY.items():
        for site in sites(project, kind):
            try:
                for each in instances(site, module) if not site.calls else ():
                    name = each.argument(argument)
                    found |= {f"<{each.address}.{argument}>": _spelled(shaped(text(name)))} if name else {}
            except (Failed, TooMuch):
                continue
    return found


def _with_names(roles: Mapping[Role, set[Granted]], names: Mapping[str, str]) -> dict[Role, set[Granted]]:
    """The same with what is called by a name that is said under that name."""

    def named(text_: str) -> str:
        return re.sub("<[^>]*>", lambda symbol: names.get(symbol[0], symbol[0]), text_)

    return {
        role: {
            (action, named(resource), frozenset((operator, key, named(value)) for operator, key, value in conditions))
            for action, resource, conditions in permissions
        }
        for role, permissions in roles.items()
    }


def opened_in(needs: Iterable[Need]) -> frozenset[str]:
    """The variables of which parts are cut out, which only a value has."""
    symbols = (symbol for need in needs for text_ in need.permission.texts for symbol in text_of(text_).symbols)
    cut = (symbol.of.name for symbol in symbols if isinstance(symbol, Cut) and isinstance(symbol.of, Expression))
    return frozenset(name for name in cut if re.fullmatch(r"var\.[\w-]+", name))


def _as_given(text_: Text, opened: Collection[str]) -> Text:
    """The text with parameters in the place of variables that are given a value."""

    def given(symbol: Symbol) -> Symbol:
        if isinstance(symbol, Cut):
            return replace(symbol, of=given(symbol.of))
        return Parameter(symbol.name) if symbol.name in opened else symbol

    return text_.replaced(given)


def needed(needs: Iterable[Need], images: Collection[str], opened: Collection[str] = ()) -> dict[Holder, set[Granted]]:
    """What each role must be able to do; what lies within another permission is left to that."""
    found: dict[Holder, set[Granted]] = {}
    for statement in compose(needs):
        for permission in statement.permissions():
            conditions = frozenset(
                (each.operator, each.key, value)
                for each in permission.conditions
                for value in (_spelled(_as_given(text_of(one), opened), images) for one in each.values)
            )
            resource = _spelled(_as_given(text_of(permission.resource), opened), images)
            found.setdefault(statement.holder, set()).add((permission.action, resource, conditions))
    return found


def images_in(needs: Iterable[Need]) -> frozenset[str]:
    """The parameters that hold images."""
    symbols = {symbol for need in needs for text_ in need.permission.texts for symbol in text_of(text_).symbols}
    inside = [
        from_spelling(each.image, policy=False)
        for each in symbols
        if isinstance(each, InImage) and not _of_terraform(each)
    ]
    return frozenset(re.sub(r"[^a-z0-9]", "", each.name.lower()) for image in inside for each in image.symbols)


def here(file: TerraformFile, beside: Files) -> dict[str, tuple[Need, ...]]:
    """What the instances of a task definition need under the values of here.

    The file says it with the user's own expressions, for any value of a variable and of a key.
    """
    directory = posixpath.dirname(file.path) or "."
    stem = posixpath.basename(file.path).removesuffix(".cfnroles.tf")
    name = f"aws_ecs_task_definition.{stem}"
    tasks = read_files(Below(beside, directory), directory, Told()).tasks
    if file.call:
        called = (each for each in tasks if identifier(each.address.replace("aws_ecs_task_definition.", "")) == stem)
        name = without_instances((task := next(called)).address)
        tasks = (replace(task, address=name),)
    # The runner of the task passes the roles that are written, and none of those that it has now.
    passed = [need for need in file.needs if need.sid == OF_THE_TASK]
    return {
        task.address[len(name) :]: (*(each for each in task.discovery.needs if each.sid != OF_THE_TASK), *passed)
        for task in tasks
        if without_instances(task.address) == name
    }


def told_as_gaps(file: TerraformFile, needs: Iterable[Need]) -> Iterator[Need]:
    """The needs of which the file says that it cannot name them."""
    lacking = {(gap.holder, place_in_tree(gap.origin), action) for gap in file.gaps for action in gap.actions}
    for each in needs:
        if (each.holder, place_in_tree(each.origin), each.permission.action) in lacking:
            yield each


def _by_role(
    wanted: Mapping[str, Iterable[Need]], images: Collection[str], opened: Collection[str]
) -> dict[Role, set[Granted]]:
    return {(role, key): each for key, needs in wanted.items() for role, each in needed(needs, images, opened).items()}


def outcome(name: str, reading: Reading, beside: Files) -> Outcome:
    """What becomes of one source: written, and read back to the same needs as were discovered."""
    try:
        written = files_of(reading, beside)
    except CfnrolesError as error:
        return Outcome(name, "refused", str(error).splitlines()[0])
    wrong: list[str] = []
    count = 0
    names = called(beside) if reading.addressed else {}
    for file in written:
        images = images_in(file.needs)
        try:
            wanted = here(file, beside) if reading.addressed else {"": file.needs}
            opened = opened_in(file.needs) if reading.addressed else frozenset()
            given = granted(file, beside, images, opened, any_text=not reading.addressed)
        except InvalidInput as error:
            return Outcome(name, "different", str(error).splitlines()[0], count, written)
        told = {key: tuple(told_as_gaps(file, needs)) for key, needs in wanted.items()}
        roles, excused, given = (
            _with_names(each, names)
            for each in (_by_role(wanted, images, opened), _by_role(told, images, opened), given)
        )
        count += sum(map(len, roles.values()))
        for role in {*roles, *given}:
            lacking = roles.get(role, set()) - given.get(role, set()) - excused.get(role, set())
            wrong += [f"{' '.join(role)} lacks {each}" for each in sorted(lacking, key=str)]
            more = given.get(role, set()) - roles.get(role, set())
            wrong += [f"{' '.join(role)} has too much: {each}" for each in sorted(more, key=str)]
    return Outcome(name, "different" if wrong else "same", "; ".join(wrong), count, written)


def task_definitions(corpus: Path) -> Iterator[Outcome]:
    """The task definitions of a corpus. A file without a family gets one, as its user would do."""
    for path in sorted((corpus / "taskdefs").glob("*")):
        for family in ("", f"family-{path.stem}"):
            try:
                reading = read(path, Told(family=family))
                reading.accepted()
            except InvalidInput as error:
                if family or "family" not in error.what:
                    yield Outcome(path.name, "refused", str(error).splitlines()[0])
                    break
                continue
            yield outcome(path.name, reading, Written({}))
            break


def specs() -> Iterator[Outcome]:
    """The specs and the recipes of the examples."""
    for path in sorted([*Path("examples").glob("*/cfnroles.yaml"), *Path("examples/recipes").glob("*.yaml")]):
        yield outcome(path.name, read(path), Written({}))


def templates(corpus: Path) -> Iterator[Outcome]:
    """The templates of a corpus."""
    for path in sorted((corpus / "templates").glob("*")):
        try:
            reading = read(path)
        except InvalidInput as error:
            yield Outcome(path.name, "refused", str(error).splitlines()[0])
            continue
        if reading.template is not None:
            yield outcome(path.name, reading, Written({}))


def repositories(corpus: Path, mirror: Path) -> Iterator[Outcome]:
    """The directories of Terraform that the corpus names, read at their source."""
    index = json.loads((corpus / "terraform/index-hcl.json").read_text(encoding="utf-8"))
    wanted = {(each["repo"], each["commit"], posixpath.dirname(each["path"]) or ".") for each in index}
    for repository, commit, directory in sorted(wanted):
        git = mirror / repository.replace("/", "+") / "repo"
        if not git.is_dir():
            yield Outcome(f"{repository} {directory}", "away", "not in the mirror")
            continue
        files = Committed(git, commit, directory)
        try:
            reading = read_files(files, directory, Told())
        except InvalidInput as error:
            yield Outcome(f"{repository} {directory}", "refused", str(error).splitlines()[0])
            continue
        yield outcome(f"{repository} {directory}", reading, files)


def unformatted(files: Iterable[TerraformFile]) -> Iterator[str]:
    """The files to which Terraform would give another layout; says so where this machine has no Terraform."""
    terraform = shutil.which("terraform")
    if terraform is None:
        yield "terraform is not on this machine: nothing was looked at"
        return
    with tempfile.TemporaryDirectory() as directory:
        for number, file in enumerate(files):
            (Path(directory) / f"{number}.tf").write_text(file.text, encoding="utf-8")
        command = [terraform, "fmt", "-check", "-list=true", directory]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        # Terraform also writes messages about its own settings to standard error.
        yield from run.stdout.splitlines()
        if run.returncode not in (0, 3):
            yield run.stderr


def main(corpus: Path, mirror: Path) -> int:
    """Print what became of each source; 1 where anything is not the same, or has another layout."""
    found = [*task_definitions(corpus), *specs(), *templates(corpus), *repositories(corpus, mirror)]
    for each in found:
        if each.result != "same":
            sys.stdout.write(f"{each.name}: {each.result}: {each.detail}\n")
    ugly = list(unformatted(file for each in found for file in each.files))
    results = Counter(each.result for each in found)
    sys.stdout.write(f"{len(found)} sources: {', '.join(f'{n} {result}' for result, n in results.most_common())}\n")
    sys.stdout.write(f"{sum(each.permissions for each in found)} permissions, {len(ugly)} files of another layout\n")
    sys.stdout.writelines(f"  {each}\n" for each in ugly)
    return int(bool(ugly) or results["different"] > 0)


if __name__ == "__main__":
    given = [*sys.argv[1:], *("../shared/corpus", "../.mirror")[len(sys.argv) - 1 :]]
    sys.exit(main(Path(given[0]), Path(given[1])))
