"""The record of the additions to a template, in the template's own Metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from cfnroles.sources.from_template import TAKES
from cfnroles.sources.told import Told, option
from cfnroles.targets.cloudformation.refusal import refused_at

#: The member of the template's Metadata that records the additions.
RECORD = "CfnrolesAdded"

#: The fields of the given values that affect a template, by the options of the command line.
_OPTIONS = {option(name): name for name in (*sorted(TAKES), "parameters")}


class Replaced(Struct, frozen=True):
    """The digest of a text that replaced another, and that other text."""

    digest: str
    was: str


class Record(Struct, frozen=True):
    """The additions, by dotted paths.

    They are parts that did not exist, values that replaced others, empty strings that were replaced, and sections that
    did not exist. ``told`` are the values that the run had in addition to the template, by the option.
    """

    added: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, Replaced] = field(default_factory=dict)
    emptied: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tree(self) -> dict[str, Any]:
        """The record as a part of a template."""
        replaced = {
            path: {"Digest": each.digest, "Was": _apart_from_sub(each.was)} for path, each in self.replaced.items()
        }
        members = {
            "Added": dict(self.added),
            "Replaced": replaced,
            "Emptied": dict(self.emptied),
            "Sections": list(self.sections),
            "Options": _each_text(self.told, _apart_from_sub),
        }
        return {name: member for name, member in members.items() if member}


def is_injected(tree: Any) -> bool:
    """Whether a template has additions."""
    metadata = tree.get("Metadata") if isinstance(tree, Mapping) else None
    return isinstance(metadata, Mapping) and RECORD in metadata


def recorded(tree: Mapping[str, Any], text: str, document: str) -> Record:
    """Return the record of a template with additions; raise InvalidInput if someone made it unreadable."""
    record = tree["Metadata"][RECORD]
    try:
        return Record(
            {str(path): str(digest) for path, digest in record.get("Added", {}).items()},
            {
                str(path): Replaced(str(each["Digest"]), "".join(each["Was"]))
                for path, each in record.get("Replaced", {}).items()
            },
            {str(path): str(was) for path, was in record.get("Emptied", {}).items()},
            tuple(str(each) for each in record.get("Sections", ())),
            {str(name): _given(str(name), value) for name, value in record.get("Options", {}).items()},
        )
    except (AttributeError, KeyError, TypeError) as error:
        what = f"has a record of what was added, Metadata.{RECORD}, that was changed since"
        remedy = "Restore the record from an earlier version."
        raise refused_at(text, document, ("Metadata", RECORD), what, remedy=remedy) from error


def options_of(told: Told) -> dict[str, Any]:
    """Return what is given about a template, by option."""
    nothing = Told()
    return {
        name: _plain(getattr(told, each))
        for name, each in _OPTIONS.items()
        if getattr(told, each) != getattr(nothing, each)
    }


def told_again(told: Told, options: Mapping[str, Any]) -> Told:
    """Return the given values, with those that these options recorded for unknown ones; each parameter by itself."""
    values = {_OPTIONS[name]: value for name, value in {**options, **options_of(told)}.items()}
    if parameters := options.get("parameter"):
        values["parameters"] = {**parameters, **told.parameters}
    kept = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Told(**{**{name: getattr(told, name) for name in told.__struct_fields__}, **kept})


def _given(name: str, value: Any) -> Any:
    """Return the value of an option as a record has it; raise TypeError for a value of another kind."""
    default = _plain(getattr(Told(), _OPTIONS[name]))
    if type(value) is not type(default):
        raise TypeError(name)
    if isinstance(value, list):
        return ["".join(each) for each in value]
    return {str(each): "".join(value[each]) for each in value} if isinstance(value, dict) else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _each_text(value: Any, of: Callable[[str], Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _each_text(member, of) for name, member in value.items()}
    if isinstance(value, list):
        return [_each_text(element, of) for element in value]
    return of(value) if isinstance(value, str) else value


def _apart_from_sub(text: str) -> str | list[str]:
    """Return a text, split where cfn-lint would miss an Fn::Sub around it (E1029)."""
    first, *others = text.split("${")
    pieces = [first, *(f"{{{each}" for each in others)]
    return [*(f"{each}$" for each in pieces[:-1]), pieces[-1]] if others else text
