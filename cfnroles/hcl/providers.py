"""The account and Region where a resource's provider creates it.

https://developer.hashicorp.com/terraform/language/modules/develop/providers
https://registry.terraform.io/providers/hashicorp/aws/latest/docs#provider-configuration
"""

from __future__ import annotations

from cfnroles.hcl.configuration import Configuration, literal, provider_of, providers_of
from cfnroles.hcl.project import Project
from cfnroles.hcl.provided import Provided
from cfnroles.hcl.syntax import Block

#: The provider of AWS resources that name none.
USUAL = "aws"
#: Arguments that determine the account of a provider.
_CREDENTIALS = frozenset(
    {
        "access_key",
        "secret_key",
        "token",
        "profile",
        "shared_config_files",
        "shared_credentials_files",
        "assume_role",
        "assume_role_with_web_identity",
        "endpoints",
        "allowed_account_ids",
    }
)


def root_provider(project: Project, path: tuple[str, ...], name: str) -> str:
    """Return the root's name for the provider that a module at the end of ``path`` calls ``name``."""
    inner = path
    while inner:
        *outer, own = inner
        caller = project.configuration(_directory(project, tuple(outer)))
        if _declares(project.configuration(_directory(project, inner)), name):
            return f"{'.'.join(inner)}.{name}"
        name = providers_of(caller.modules[own]).get(name, name)
        inner = tuple(outer)
    return name


def provided(project: Project, path: tuple[str, ...], block: Block, region: str = "") -> Provided:
    """Return where the resource of a block is created. ``region`` is its own Region."""
    found = provided_by(project, root_provider(project, path, provider_of(block) or USUAL))
    return Provided(found.account, region) if region else found


def provided_by(project: Project, name: str = USUAL) -> Provided:
    """Return where the provider with this name in the root creates resources."""
    if not project.providers:
        project.providers |= {USUAL: Provided("", ""), **dict(map(_of_block, project.root.providers))}
    found: Provided = project.providers.get(name) or Provided(name, name)
    return found


def provider_block(project: Project, name: str) -> Block | None:
    """Return the block of a provider with this name in the root."""
    return next((block for block in project.root.providers if _name(block) == name), None)


def _of_block(block: Block) -> tuple[str, Provided]:
    body = block.body
    said = [each for name, each in sorted(body.arguments.items()) if name in _CREDENTIALS]
    said += [each for each in body.blocks if each.type in _CREDENTIALS]
    region = body.arguments.get("region")
    where = "" if region is None else literal(region) or f"${{{region.written}}}"
    return _name(block), Provided("\n".join(each.written for each in said), where)


def _name(block: Block) -> str:
    alias = literal(block.body.arguments.get("alias"))
    return ".".join((*block.labels, *([alias] if alias else [])))


def _declares(configuration: Configuration, name: str) -> bool:
    """Return whether a module configures a provider itself, rather than only naming one that it receives."""
    own = (block for block in configuration.providers if _name(block) == name)
    return any(block.body.blocks or block.body.arguments.keys() - {"alias", "version"} for block in own)


def _directory(project: Project, path: tuple[str, ...]) -> str:
    directory = "."
    for number, name in enumerate(path):
        call = project.configuration(directory).modules[name]
        directory = project.source_of(call, directory, path[: number + 1]) or "."
    return directory
