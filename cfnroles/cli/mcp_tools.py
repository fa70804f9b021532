"""The tools of ``cfnroles mcp``. Each runs the command of its name, so that agents and people get the same answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from cfnroles.errors import InvalidInput
from cfnroles.files import ROOT
from cfnroles.role_kinds import ROLE_KINDS

#: Limits of one answer: the time, and the length that is returned.
_SECONDS, _MOST = 120, 400_000
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_ENDS = {
    0: "Exit code 0: success.",
    1: "Exit code 1: problems were found.",
    3: "Exit code 3: something could not be decided, and the answer says what.",
}
_PARTIAL = "Exit code 2: some files could not be read, and the answer says which."

Source = Annotated[
    str,
    Field(
        description="Path of a task definition, a service spec, a CloudFormation template, a cdk.out directory, or"
        " Terraform (a directory, or the output of `terraform show -json`)."
    ),
]
Resource = Annotated[str, Field(description="One task definition: its logical id, or its address in Terraform.")]
Account = Annotated[str, Field(description="Account that the task runs in (12 digits), if SOURCE does not say it.")]
Region = Annotated[str, Field(description="Region that the task runs in, if SOURCE does not say it.")]
Values = Annotated[
    dict[str, str], Field(description="Values of a template's parameters or of Terraform's variables, by name.")
]
_KINDS = ", ".join(kind.key for kind in ROLE_KINDS)
Roles = Annotated[
    dict[str, str],
    Field(
        description=f"Roles by kind ({_KINDS}), each FILE:LogicalId of a template or FILE of a policy document. Empty"
        " for the roles that a template or Terraform has itself."
    ),
]


class _Server(MCPServer):
    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        """Call a tool. Raise ToolError for an argument that it does not have, which would be ignored otherwise."""
        for tool in await self.list_tools():
            known = tool.input_schema.get("properties", {})
            if tool.name == name and (unknown := sorted(arguments.keys() - known.keys())):
                raise ToolError(f"{name} has no argument {unknown[0]}. It has {', '.join(known)}.")
        return await super().call_tool(name, arguments, context)


def server(directory: str) -> MCPServer:
    """Return the server whose tools read files below a directory."""
    tools = _Tools(Path(directory).resolve())
    made = _Server("cfnroles", version=metadata.version("cfnroles"), instructions=_INSTRUCTIONS)
    offered: tuple[Callable[..., str], ...] = (tools.explain, tools.verify, tools.lint, tools.diagnose)
    for tool in offered:
        made.tool(annotations=_READS, structured_output=False)(tool)
    return made


_INSTRUCTIONS = (
    "IAM roles for Amazon ECS. `explain` says which permissions a task definition needs and why, `verify` whether roles"
    " have exactly those, `lint` what ECS or IAM would reject, `diagnose` the cause of a failure message. A gap is a"
    " permission whose resource name is unknown: never close it with a wildcard."
)


class _Tools:
    def __init__(self, root: Path) -> None:
        self._root = root

    def explain(
        self,
        source: Source,
        resource: Resource = "",
        account: Account = "",
        region: Region = "",
        parameters: Values = {},  # noqa: B006 - pydantic copies it
    ) -> str:
        """List the permissions that each role needs, with field, line, reason and AWS's page, and the gaps."""
        about = _options(resource=resource, account=account, region=region)
        return self._run("explain", *about, *_named("parameter", parameters), "--", self._path(source))

    def verify(
        self,
        source: Source,
        roles: Roles = {},  # noqa: B006 - pydantic copies it
        resource: Resource = "",
        account: Account = "",
        region: Region = "",
        parameters: Values = {},  # noqa: B006 - pydantic copies it
    ) -> str:
        """Find the missing, denied, unknown and excess permissions of roles for a task."""
        about = (*_options(resource=resource, account=account, region=region), *_named("parameter", parameters))
        return self._run("verify", *about, *self._roles(roles), "--", self._path(source))

    def lint(
        self,
        files: Annotated[list[str], Field(min_length=1, description="Files, or directories of them.")],
        parameters: Values = {},  # noqa: B006 - pydantic copies it
    ) -> str:
        """Find what ECS rejects, what IAM never allows, and what is far too wide, with line and remedy."""
        return self._run("lint", *_named("parameter", parameters), "--", *map(self._path, files))

    def diagnose(
        self,
        text: Annotated[str, Field(description="The message: a stoppedReason, an event, lines of a log.")],
        source: Annotated[str, Field(description="The source of the failed task, as in `explain`.")] = "",
        role: Annotated[str, Field(description="The role that made the call: FILE:LogicalId or FILE.")] = "",
    ) -> str:
        """Find the cause of a failure: the denied call, the field that requires it, and the missing statement."""
        about = _options(source=self._path(source) if source else "", role=self._role(role) if role else "")
        return self._run("diagnose", *about, "--", "-", stdin=text)

    def _roles(self, roles: Mapping[str, str]) -> Iterable[str]:
        kinds = {kind.key: kind for kind in ROLE_KINDS}
        for key, role in roles.items():
            if key not in kinds:
                raise ToolError(f"Unknown kind of role {key!r}: use one of {_KINDS}.")
            yield f"{kinds[key].option_name}={self._role(role)}"

    def _role(self, role: str) -> str:
        """Return a role as commands accept it. It must be in a file here: a name would mean a role in AWS."""
        file, colon, name = role.partition(":")
        return f"{self._path(file)}{colon}{name}"

    def _path(self, name: str) -> str:
        try:
            path = (self._root / name).resolve()
            exists = path.exists()
        except (OSError, ValueError) as error:  # too long, or with a NUL character
            raise ToolError(f"{name[:100]!r} is not a path.") from error
        if not path.is_relative_to(self._root):
            raise ToolError(f"{name} is not in {self._root}. Only files in it can be read.")
        if not exists:
            raise ToolError(f"{name} does not exist in {self._root}.")
        return os.path.relpath(path, self._root)

    def _run(self, command: str, *arguments: str, stdin: str = "") -> str:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # A spec, a module or a directory may lead to other files than the one that is asked about.
        outside[ROOT] = str(self._root)
        try:
            ended = subprocess.run(
                [sys.executable, "-Im", "cfnroles", command, "--format", "json", *arguments],
                cwd=self._root,
                env=outside,
                input=stdin,
                capture_output=True,
                encoding="utf-8",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise ToolError(f"No answer after {_SECONDS} seconds.") from late
        partial = ended.returncode == InvalidInput.exit_code and ended.stdout.strip()
        if ended.returncode not in _ENDS and not partial:
            raise ToolError(ended.stderr.strip().removeprefix("error: "))
        if len(ended.stdout) > _MOST:
            raise ToolError(f"The answer has {len(ended.stdout):,} characters. Pass one task definition or file.")
        return f"{_PARTIAL if partial else _ENDS[ended.returncode]}\n{ended.stdout}"


def _options(**given: str) -> tuple[str, ...]:
    return tuple(f"--{name}={value}" for name, value in given.items() if value)


def _named(option: str, values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"--{option}={name}={value}" for name, value in values.items())
