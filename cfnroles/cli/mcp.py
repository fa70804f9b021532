"""``cfnroles mcp``: the read-only commands for agents that use the Model Context Protocol.

https://modelcontextprotocol.io/specification/
"""

from __future__ import annotations

import click

from cfnroles.cli.panels import panel_command
from cfnroles.errors import InvalidInput


@panel_command("mcp")
@click.argument("directory", metavar="[DIRECTORY]", default=".", type=click.Path(exists=True, file_okay=False))
def command(directory: str) -> None:
    """Offer explain, verify, lint and diagnose to agents, over standard input and output.

    An agent can ask about files in DIRECTORY (default: the current one) and nothing else. Writes nothing and makes no
    AWS call.

    Needs an extra: pip install 'cfnroles[mcp]'

    \b
      claude mcp add cfnroles -- cfnroles mcp /path/to/project
    """
    try:
        from cfnroles.cli.mcp_tools import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise InvalidInput(
            "the package mcp is not installed", remedy="Install it: pip install 'cfnroles[mcp]'"
        ) from error
    server(directory).run("stdio")
