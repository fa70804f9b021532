"""The ARNs of resources in a directory of Terraform outside loops, with their expressions."""

from __future__ import annotations

from collections.abc import Mapping

from cfnroles.hcl.definitions import instances, sites
from cfnroles.hcl.module import Module
from cfnroles.hcl.project import Project
from cfnroles.hcl.session import MOST_OF_ALL, Budget, Session, TooMuch
from cfnroles.hcl.values import Failed
from cfnroles.sources.roles_in_directory import DirectoryInPass, SeenBefore
from cfnroles.sources.terraform_configured import CALLED_BY
from cfnroles.sources.terraform_policies import Spelling
from cfnroles.sources.terraform_roles import name_of
from cfnroles.symbols import Expression
from cfnroles.text import Text

_LOOPS = ("count", "for_each")


def arns_written(project: Project) -> Mapping[str, str]:
    """Return the expression for the ARN of each resource in the root module, by ARN as far as it is known.

    https://developer.hashicorp.com/terraform/language/expressions/references
    """
    module = Module(project, Session(Budget(MOST_OF_ALL).part()))
    surface = DirectoryInPass(SeenBefore(project), project, module, frozenset())
    spelling = Spelling(lambda symbol: name_of(symbol, surface))
    for site in (each for kind in CALLED_BY for each in sites(project, kind)):
        if site.calls or site.block.type == "data" or any(each in site.block.body.arguments for each in _LOOPS):
            continue
        try:
            list(instances(site, module))
        except (Failed, TooMuch, RecursionError):
            continue
        arn = f"{site.address}.arn"
        symbol = Expression(
            arn,
            written=f"${{{arn}}}",
            reason="AWS determines it",
            address=site.address,
            type=site.type,
            attribute="arn",
        )
        spelling.text(Text(symbol))
    return spelling.written
