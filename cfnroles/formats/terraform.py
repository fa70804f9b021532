"""The summary of Terraform output: gaps, and what the gate does not check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cfnroles.answers.explain_template import unread_parts
from cfnroles.counted import by_number, counted
from cfnroles.formats.build import told
from cfnroles.formats.taken import values_words
from cfnroles.lines import Lines
from cfnroles.need import Gap, Holder, Reference
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_targets import RUNNING
from cfnroles.targets.terraform.build import is_directory
from cfnroles.targets.terraform.gate import Unasked
from cfnroles.targets.terraform.written_file import TerraformFile

_AGAIN = "run the command again, with --var-file FILE or --parameter NAME=VALUE"


def summary(reading: Reading, files: Sequence[TerraformFile], resource: str = "") -> Iterator[str]:
    """Yield the names of the files, and notes about them. ``resource`` is as for ``gaps_of``."""
    yield "Wrote:"
    yield from (f"  {each.path}" for each in files)
    for each in files:
        yield from _roles(each)
    yield from told(reading, gaps_of(reading, files, resource))
    if reading.addressed and not is_directory(reading):
        yield ""
        yield "The names are literal, as in the source: of the directory with the .tf files, the roles have your own"
        yield "expressions: `cfnroles terraform .`"
    if taken := sorted({name for each in files for name in each.taken}):
        yield ""
        yield from values_words(taken, _AGAIN, "variable")
    yield from _unasked(reading, dict(each for file in files for each in file.gate.unasked))


def gaps_of(reading: Reading, files: Sequence[TerraformFile], resource: str = "") -> tuple[Gap, ...]:
    """Return what the roles lack, and the parts of the source that may need roles of their own.

    The latter are left out if only one ``resource`` is asked for.
    """
    others = () if resource else reading.unseen if reading.template is None else unread_parts(reading, reading.template)
    return tuple(dict.fromkeys((*(gap for each in files for gap in each.gaps), *others)))


def _unasked(reading: Reading, unasked: Mapping[Reference, Unasked]) -> Iterator[str]:
    """Yield what the gate does not check, and the gate that does."""
    lines = Lines(reading.texts)
    for why in Unasked:
        found = [reference for reference, each in unasked.items() if each is why]
        if found:
            yield ""
            yield f"The gate does not check {_WHY_NOT[why](len(found))}:"
            # A place may have another reference under each condition.
            yield from dict.fromkeys(f"- {lines.where(each.origin)}" for each in found)
    if others := [each for each in unasked.values() if each is not Unasked.UNNAMED]:
        them = by_number(len(others), "it too, and does not read its value", "them too, and does not read their values")
        yield f"With --gate check, Terraform runs `cfnroles check`, which checks {them}."


def _parameters(number: int) -> str:
    values = by_number(number, "value", "values")
    return f"{counted(number, 'parameter')}, whose {values} would be stored in Terraform's state"


def _of_either(number: int) -> str:
    kinds = by_number(number, "a secret or a parameter", "secrets or parameters")
    return f"{counted(number, 'reference')}, which may be {kinds}"


def _unnamed(number: int) -> str:
    return f"{counted(number, 'reference')} that no expression can name"


def _listed(number: int) -> str:
    return f"the references in {by_number(number, 'a list', f'{number} lists')}, because a plan may not know them"


_WHY_NOT = {
    Unasked.LISTED: _listed,
    Unasked.UNNAMED: _unnamed,
    Unasked.EITHER: _of_either,
    Unasked.PARAMETER: _parameters,
}


#: Roles with permissions beyond running tasks.
_DOING_MORE = frozenset({Holder.PIPE, Holder.STATE_MACHINE})


def _roles(file: TerraformFile) -> Iterator[str]:
    """Yield the arguments to add to the task definition, and where."""
    to_write = [each for each in file.given if each.holder in file.locals and each.written != file.locals[each.holder]]
    named = {each.holder for each in file.given}
    alone = named.isdisjoint(RUNNING)
    who, their = (file.label, "its") if alone else (f"{file.label} and what runs it", "their")
    if to_write:
        yield ""
        yield f"Set the roles of {who}:"
    for each in to_write:
        now = f", instead of {each.written}" if each.written else ""
        yield f"- {each.place}: {each.argument} = {file.locals[each.holder]}{now}"
        if each.holder in _DOING_MORE:
            yield "  The role can only run the tasks: add any other permission, such as reading a source."
    if file.given and not to_write:
        yield ""
        yield f"{who} {'has' if alone else 'have'} {their} roles already."
    others = {holder: name for holder, name in file.locals.items() if holder not in named}
    if others:
        yield ""
        gate = " and for the gate" if file.gate.wanted or file.gate.commanded else ""
        yield f"The ARNs of the roles of {file.label}, which wait for the permissions{gate}:"
        yield from (f"- {name}: the {holder}" for holder, name in others.items())
        if file.call:
            yield f"Pass them to {file.call}, instead of the roles that it creates."
