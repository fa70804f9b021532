"""What is discovered in task definitions of Terraform, once for all that are alike.

Passes and readings of one configuration produce each form of a task definition many times.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.meanings import Meanings
from cfnroles.placeholders import as_symbols, texts_in
from cfnroles.rediscovery import Parts, Rediscovery
from cfnroles.sources.terraform_buckets import files_in
from cfnroles.sources.terraform_defaults import Defaults
from cfnroles.sources.terraform_destinations import destinations_in
from cfnroles.sources.terraform_found import Mentioned, found_in, with_remedies
from cfnroles.sources.terraform_keys import names_in
from cfnroles.sources.terraform_members import Turned
from cfnroles.workload import Workload


class Form(Struct, frozen=True):
    """A task definition in one form: its workload. ``same`` distinguishes it from all others."""

    workload: Workload
    same: Hashable


class KnownTasks:
    """The task definitions that were seen."""

    def __init__(self) -> None:
        self._parts, self._rows, self._meanings = Parts(), Rediscovery(), Meanings()
        #: Those seen, kept alive so that their IDs stay unique.
        self._seen: dict[tuple[int, str], tuple[Turned, Form]] = {}
        self._forms: dict[Hashable, Form] = {}
        self._trees: dict[int, Mapping[str, Any]] = {}
        self._mentioned: dict[int, Mentioned] = {}
        self._found: dict[Hashable, Discovery] = {}

    def mentioned(self, turned: Turned) -> Mentioned:
        """Return what a task definition mentions whose encryption matters."""
        return self._mentioned_in(self._parts.one(turned.tree))

    def _mentioned_in(self, tree: Mapping[str, Any]) -> Mentioned:
        if id(tree) not in self._mentioned:
            texts = tuple(texts_in(tree))
            self._mentioned[id(tree)] = Mentioned(
                names_in(texts), tuple(files_in(texts)), tuple(destinations_in(texts))
            )
        return self._mentioned[id(tree)]

    def form(self, turned: Turned, document: str) -> Form:
        """Return the form of a task definition: one object for all that are alike."""
        key = id(turned), document
        if key not in self._seen:
            self._seen[key] = turned, self._form(turned, document)
        return self._seen[key][1]

    def discovery(self, turned: Turned, document: str, facts: Facts, defaults: Defaults) -> Discovery:
        """Return what a task definition needs."""
        form = self.form(turned, document)
        readable = form.same, self._meanings.of(facts)
        if readable not in self._found:
            mentioned = self._mentioned_in(form.workload.tree)
            self._found[readable] = found_in(form.workload, turned, facts, mentioned, self._rows)
        same = *readable, tuple((name, id(node)) for name, node in defaults.items())
        if same not in self._found:
            self._found[same] = with_remedies(self._found[readable], form.workload, turned, defaults)
        return self._found[same]

    def _form(self, turned: Turned, document: str) -> Form:
        tree = self._tree(turned)
        places, spots = tuple(turned.places.items()), tuple(turned.spots.items())
        keys = self._meanings.of((tuple(turned.keys.items()), tuple(turned.looked_up.items())))
        same = document, id(tree), places, spots, tuple(turned.unseen), tuple(turned.settings.items()), keys
        if same not in self._forms:
            hidden = self._parts.one(frozenset(each.path for each in turned.unseen))
            workload = Workload(document, tree, turned.settings, turned.places, turned.spots, hidden)
            self._forms[same] = Form(workload, len(self._forms))
        return self._forms[same]

    def _tree(self, turned: Turned) -> Mapping[str, Any]:
        tree = self._parts.one(turned.tree)
        if id(tree) not in self._trees:
            self._trees[id(tree)] = self._parts.one(as_symbols(tree))
        return self._trees[id(tree)]
