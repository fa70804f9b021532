"""``cfnroles completion``: shell completion of commands, options, choices, files and logical IDs."""

from __future__ import annotations

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import choice
from cfnroles.cli.terminal import say

SHELLS = ("bash", "zsh", "fish")


@panel_command("completion")
@click.argument("shell", type=choice(*SHELLS), metavar="bash|zsh|fish")
def command(shell: str) -> None:
    """Print a shell completion script.

    Install it as follows and open a new shell. Needs bash 4.4 or later, zsh or fish.

    \b
      cfnroles completion bash >> ~/.bashrc
      cfnroles completion zsh >> ~/.zshrc
      mkdir -p ~/.config/fish/completions
      cfnroles completion fish > ~/.config/fish/completions/cfnroles.fish
    """
    from click.shell_completion import get_completion_class

    from cfnroles.cli import cfnroles

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"completion for {shell} is not supported")
    # Its method `source` would start bash to find its version.
    completion = made(cfnroles, {}, "cfnroles", "_CFNROLES_COMPLETE")
    lines = (completion.source_template % completion.source_vars()).rstrip("\n").split("\n")
    if shell == "zsh":
        # The function that initializes completion may not have run.
        lines.insert(1, "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }")
    if shell == "fish":
        # Only the first comma separates: a description or a file name may have more.
        lines = [line.replace('string split ","', 'string split --max 1 ","') for line in lines]
    say(*lines)
