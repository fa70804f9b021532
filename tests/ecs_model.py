"""What the newest botocore and cfn-lint know of Amazon ECS, beside what cfnroles knows.

``make model`` writes the two records again: only names and kinds of members and properties, which are facts about ECS.
``make newest`` compares, and fails where ECS has gained something that the records do not have. The emulator pins an
older botocore than the newest, so neither asks the one that is installed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from cfnroles.sources.members import ANYTHING, FLAG, MAP, NUMBER, RECORD, TEXT

PROPERTIES = Path(__file__).parent / "table" / "ecs" / "properties.json"

#: Operations that give ECS nothing to keep or to run, and so nothing that a role must permit.
_GIVE_NOTHING = ("Delete", "Deregister", "Describe", "Disassociate", "Discover", "Get", "List", "Stop", "Untag")
#: The operations whose choices are recorded: rows are about some of them.
_CHOICES = ("CreateService", "RegisterTaskDefinition")
_ANSWERS = (
    "Service",
    "TaskDefinition",
    "ECSExpressGatewayService",
    "ExpressGatewayServiceConfiguration",
    "UpdatedExpressGatewayService",
)
_KINDS = {
    **dict.fromkeys(("string", "timestamp"), TEXT),
    **dict.fromkeys(("integer", "long", "double", "float"), NUMBER),
    "boolean": FLAG,
    "map": MAP,
    "structure": ANYTHING,
}
_TO_DO = """\
What to do: run `make model` and look at the difference. A member that asks something of a role becomes a row in
cfnroles/table/ecs; any other gets its reason in cfnroles/table/ecs/fieldless.py. The tests name those without either.
"""
_NOT_FOUND_OUT = """\
Could not find out what the newest ECS has: pip downloaded no {}. Nothing is known to be wrong with the records.
What to do: try again where the package index can be reached.
"""


def model_record(model: Mapping[str, Any]) -> dict[str, Any]:
    """The ECS part of a botocore model: the members of inputs and outputs, choices, and account settings."""
    shapes = model["shapes"]
    taken = {
        name: {path: _KINDS[shape["type"]] for path, shape in _members(shapes, operation["input"]["shape"], "")}
        for name, operation in sorted(model["operations"].items())
        if not name.startswith(_GIVE_NOTHING)
    }
    answered = {name: list(shapes[name]["members"]) for name in _ANSWERS}
    choices = {
        name: {
            path: shape["enum"]
            for path, shape in _members(shapes, model["operations"][name]["input"]["shape"], "")
            if "enum" in shape
        }
        for name in _CHOICES
    }
    return {"settings": shapes["SettingName"]["enum"], "takes": taken, "choices": choices, "answers": answered}


def properties_record(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The properties that the schemas of resources take, by the resource's type."""
    return {kind: sorted(set(_writable(schema))) for kind, schema in sorted(schemas.items())}


def gained(known: Any, newest: Any, place: str = "") -> Iterator[str]:
    """What the newest record has and the known one does not, as a line each."""
    if isinstance(newest, Mapping) and isinstance(known, Mapping):
        for name, value in newest.items():
            yield from gained(known.get(name, type(value)()), value, f"{place}: {name}" if place else name)
    elif isinstance(newest, list):
        yield from (f"{place}: {name}" for name in newest if name not in known)
    elif newest != known:
        yield f"{place} ({newest})"


def newest_model(directory: Path) -> tuple[str, dict[str, Any]]:
    """The newest version of botocore, and its record."""
    version, wheel = _downloaded("botocore", directory)
    with zipfile.ZipFile(wheel) as archive:
        path = max(name for name in archive.namelist() if name.startswith("botocore/data/ecs/") and "service-2" in name)
        return version, model_record(json.loads(gzip.decompress(archive.read(path))))


def newest_properties(directory: Path) -> tuple[str, dict[str, list[str]]]:
    """The newest version of cfn-lint, and the record of its schemas."""
    version, wheel = _downloaded("cfn-lint", directory)
    with zipfile.ZipFile(wheel) as archive:

        def read(name: str) -> Any:
            return json.loads(archive.read(f"cfnlint/data/schemas/{name}.json"))

        region = read("providers/us-east-1")
        kinds = [kind for kind in region if kind.startswith("AWS::ECS::")]
        return version, properties_record({kind: read(f"resources/{region[kind]}") for kind in kinds})


def main(arguments: list[str]) -> int:
    """Compare, or write. 0: nothing is gained. 1: something is, and it is named. 3: it could not be found out."""
    parser = argparse.ArgumentParser(prog="python -m tests.ecs_model")
    parser.add_argument("--write", action="store_true", help="write the records again")
    write = parser.parse_args(arguments).write
    try:
        with tempfile.TemporaryDirectory() as directory:
            botocore, model = newest_model(Path(directory))
            cfn_lint, properties = newest_properties(Path(directory))
    except subprocess.CalledProcessError as error:
        sys.stdout.write(f"{error.stderr}{_NOT_FOUND_OUT.format(error.cmd[-1])}")
        return 3
    news = _compared(RECORD, "botocore", botocore, model, write=write)
    news = _compared(PROPERTIES, "cfn-lint", cfn_lint, properties, write=write) or news
    if not news or write:
        return 0
    sys.stdout.write(_TO_DO)
    return 1


def _compared(path: Path, library: str, version: str, newest: dict[str, Any], *, write: bool) -> bool:
    """Whether the newest has something that the record at the path does not; what it is is printed."""
    before = json.loads(path.read_text(encoding="utf-8"))
    known = {name: value for name, value in before.items() if name not in (library, "read")}
    news = list(gained(known, newest))
    lines = (*(f"  + {line}" for line in news), *(f"  - {line}" for line in gained(newest, known)))
    sys.stdout.write("\n".join((f"{library} {version}, beside {before[library]} in {path.name}", *lines, "")))
    if write and known != newest:
        record = {library: version, "read": date.today().isoformat(), **newest}
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return bool(news)


def _members(shapes: Mapping[str, Any], name: str, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each member below a shape that holds no others, in the spelling of the table, with its own shape."""
    shape = shapes[name]
    if shape["type"] == "structure" and shape["members"]:
        for member, kind in shape["members"].items():
            yield from _members(shapes, kind["shape"], f"{path}.{member}" if path else member)
    elif shape["type"] == "list":
        yield from _members(shapes, shape["member"]["shape"], f"{path}[]")
    else:
        yield path, shape


def _writable(schema: Mapping[str, Any]) -> Iterator[str]:
    pointers = (pointer.removeprefix("/properties/") for pointer in schema.get("readOnlyProperties", ()))
    answered = {pointer.replace("/*", "[]").replace("/", ".") for pointer in pointers}
    for path in _properties(schema, schema, ""):
        if not any(f"{path}.".startswith((f"{each}.", f"{each}[]")) for each in answered):
            yield path


def _properties(schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    for choice in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if "properties" in choice or "$ref" in choice:
            yield from _properties(choice, root, path)
    if schema.get("properties"):
        for name, inner in schema["properties"].items():
            yield from _properties(inner, root, f"{path}.{name}" if path else name)
    elif "items" in schema:
        yield from _properties(schema["items"], root, f"{path}[]")
    elif path:
        yield path


def _downloaded(library: str, directory: Path) -> tuple[str, Path]:
    """The version and the wheel of a library's newest release; raises CalledProcessError where pip finds none."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest"]
    command = [sys.executable, "-m", "pip", "download", *options, str(directory), library]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (wheel,) = directory.glob(f"{library.replace('-', '_')}-*.whl")
    return wheel.name.split("-")[1], wheel


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
