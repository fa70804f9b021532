"""A service spec as the SOURCE of a command: its task definitions, read from beside it or from Amazon ECS."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.ecs import Ecs
    from cfnroles.need import Finding, Gap
    from cfnroles.sources.service_spec.services import Prepared
    from cfnroles.sources.service_spec.spec import Service, Spec
    from cfnroles.targets.cloudformation.project import ProjectService
    from cfnroles.targets.cloudformation.service import Stack

#: Options about a single task definition, and the keys that say the same in a spec.
_KEYS = {
    "family": "",
    "values": "",
    "images": "",
    "account": "account",
    "region": "region",
    "service_file": "volumes, service-connect-tls",
    "launch_type": "launch-type",
    "kms_key_arns": "kms-keys: secrets",
    "file_key_arns": "kms-keys: files",
    "log_group_key_arns": "kms-keys: log-groups",
    "pull_through_prefixes": "pull-through-cache",
    "gmsa_secrets": "gmsa-secrets",
    "s3_files_buckets": "s3-files-buckets",
    "root_volumes": "root-volumes",
    "execute_command": "exec",
    "execute_command_log_group": "exec: log-group",
    "execute_command_bucket": "exec: bucket",
    "execute_command_key": "exec: kms-key",
    "guard_duty": "guardduty",
    "compat": "",
}


#: Reads what a spec names by a path: the name to call the document by and its text, or ``None`` without such a file.
Beside = Callable[[str], tuple[str, str] | None]

#: Options whose names on the command line differ from those in the program by more than hyphens.
_SPELLED = {
    "values": "set",
    "service_file": "service",
    "root_volumes": "efs-root-access",
    "guard_duty": "guardduty",
}


@dataclass(frozen=True, slots=True)
class SpecSource:
    """A spec that was read, with all of its services; ``texts`` has the text of each document by its name."""

    spec: Spec
    services: tuple[Prepared, ...]
    texts: Mapping[str, str]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of all services."""
        return tuple(gap for service in self.services for gap in service.discovery.gaps)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What ECS accepts and will likely fail, in all services."""
        from cfnroles.need import Severity

        return tuple(
            finding
            for service in self.services
            for finding in service.discovery.findings
            if finding.severity is Severity.WARNING
        )

    def service(self, name: str) -> Prepared:
        """The service with a name, or the only one where the name is empty; raises InvalidInput without one."""
        found = [each for each in self.services if name in ("", each.service.name)]
        if len(found) == 1:
            return found[0]
        raise InvalidInput(
            f"has no service {name}" if name else f"has {len(self.services)} services, and one is asked about",
            where=self.spec.document,
            why=f"Its services: {', '.join(each.service.name for each in self.services)}.",
            remedy="Name one of them with --spec-service NAME.",
        )


def spec_of(source: str) -> Spec | None:
    """The spec in the file SOURCE; ``None`` where it holds something else, or is standard input or no file.

    Raises InvalidInput with everything that is wrong with the spec.
    """
    if source == "-" or not Path(source).is_file():
        return None
    from cfnroles.document import parse, read_text

    text = read_text(source)
    # Most sources are task definitions, and should not wait until the reader of specs is loaded.
    if not re.search(r"^[{\"' ]*(project|services|defaults|environments)\b", text, re.MULTILINE):
        return None
    from cfnroles.sources.service_spec.reading import is_spec, read_spec

    name = Path(source).name
    return read_spec(text, name) if is_spec(parse(text, name)) else None


def read_services(
    spec: Spec,
    source: str,
    about: Mapping[str, Any] | None = None,
    ecs: Ecs | None = None,
    beside: Beside | None = None,
) -> SpecSource:
    """The services of a spec in the file ``source``, with their task definitions.

    ``about`` are the options of the command line, none of which is for specs. With ``ecs``, task definitions that are
    given as FAMILY:REVISION are read from there; with ``beside``, those that are given as a path. Raises InvalidInput
    for an option that is given, for a task definition that cannot be read, and with every finding for those that ECS
    would refuse.
    """
    from cfnroles.formats.human import findings_text
    from cfnroles.sources.service_spec.services import errors, prepare

    _check_options(about or {})
    texts = {spec.document: spec.text}
    read: dict[str, tuple[str, str]] = {}
    prepared = []
    for service in spec.services:
        named = str(service.get("task-definition"))
        if named not in read:
            read[named] = _task_definition(spec, service, named, beside or _beside(source), ecs)
        document, text = read[named]
        texts[document] = text
        prepared.append(prepare(spec, service, _workload(text, document)))
    wrong = [finding for each in prepared for finding in errors(each)]
    if wrong:
        raise InvalidInput(
            f"ECS would refuse these services, or misread them, in {len(wrong)} place{'s'[: len(wrong) > 1]}",
            where=spec.document,
            why=findings_text(wrong, texts),
        )
    return SpecSource(spec, tuple(prepared), texts)


def project_services(source: SpecSource) -> tuple[ProjectService, ...]:
    """The services as the builder of stacks takes them."""
    from cfnroles.targets.cloudformation.project import ProjectService

    return tuple(
        ProjectService(
            each.service.name, each.workload, each.discovery, each.facts, each.options, _log_groups(each.service)
        )
        for each in source.services
    )


def build_project(source: SpecSource, environment: str = "") -> tuple[Stack, ...]:
    """The stacks of the project; those of an environment have the same templates, and other parameters.

    Raises InvalidInput for an environment that the spec does not have, and as ``project_stacks`` does.
    """
    from dataclasses import replace

    from cfnroles.sources.service_spec.types import nearest
    from cfnroles.targets.cloudformation.environments import with_parameters
    from cfnroles.targets.cloudformation.project import project_stacks

    spec = source.spec
    services, alarms = project_services(source), _alarms(spec)
    stacks = project_stacks(services, spec.project, alarms)
    if not environment:
        return stacks
    known = spec.get("environments") or {}
    if environment not in known:
        remedy = nearest(environment, tuple(known)) if known else "It has none: add `environments`."
        raise InvalidInput(f"there is no environment {environment!r}", where=spec.document, remedy=remedy)
    project = spec.get("environments", environment, "project") or spec.project
    there = project_stacks(services, project, alarms) if project != spec.project else stacks
    same = [replace(stack, template=template.template) for stack, template in zip(there, stacks, strict=True)]
    owners = {
        f"{project}-{name}-{kind}": name for name in spec.tree["services"] for kind in ("roles", "task", "log-groups")
    }
    return with_parameters(spec, environment, same, owners)


def _check_options(about: Mapping[str, Any]) -> None:
    for option, key in _KEYS.items():
        if about.get(option):
            spelled = _SPELLED.get(option) or option.removesuffix("s").replace("_", "-")
            raise InvalidInput(
                f"--{spelled} is for a task definition, and SOURCE is a spec",
                remedy=f"Write it into the spec: {key}." if key else "",
            )


def _beside(source: str) -> Beside:
    from cfnroles.document import read_text

    def read(named: str) -> tuple[str, str] | None:
        path = Path(source).parent / named
        return (named, read_text(str(path))) if path.is_file() else None

    return read


def _task_definition(spec: Spec, service: Service, named: str, beside: Beside, ecs: Ecs | None) -> tuple[str, str]:
    from cfnroles.sources.service_spec.spec import refuse
    from cfnroles.sources.service_spec.types import Problem

    if found := beside(named):
        return found
    live = re.fullmatch(r"[A-Za-z0-9_-]+:\d+", named)
    if live and ecs:
        return named, ecs.task_definition(named)
    from_ecs = "With --live, `build` and `verify` read it from Amazon ECS."
    remedy = from_ecs if live else "Write its path, relative to this file."
    where = ("services", service.name, "task-definition")
    refuse(spec.document, spec.text, [Problem(where, f"there is no file {named}", remedy)])
    return named, ""


def _workload(text: str, document: str) -> Any:
    from cfnroles.sources.task_definition import read_task_definition

    return read_task_definition(text, document)


def _log_groups(service: Service) -> Any:
    from cfnroles.targets.cloudformation.log_groups import LogGroupOptions

    chosen = service.get("log-groups")
    if not chosen:
        return None
    return LogGroupOptions(
        service.get("log-groups", "retention-days") or 0,
        service.get("log-groups", "kms-key") or "",
        service.merged("log-groups", "tags"),
        service.get("log-groups", "keep") is not False,
        service.many("log-groups", "existing"),
    )


def _alarms(spec: Spec) -> Any:
    from cfnroles.targets.cloudformation.alarms import AlarmOptions

    if not spec.get("alarms"):
        return None
    return AlarmOptions(
        spec.get("alarms", "trail-log-group"),
        spec.get("alarms", "email") or "",
        spec.get("alarms", "topic") or "",
        spec.get("alarms", "threshold") or 1,
    )
