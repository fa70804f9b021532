"""The picture at the top of README.md, from what the commands of the example print.

``make picture`` writes it.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

EXAMPLES = Path(__file__).parents[1] / "examples"
COLUMNS = 104
# Rich's own frame names a font to fetch; this one has the reader's monospaced font and asks for nothing.
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
aria-label="A terminal in which cfnroles refuses a deployment">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />\
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def transcript(environment: Mapping[str, str]) -> str:
    """What a person sees who builds the example and deploys it while secrets are missing."""
    with tempfile.TemporaryDirectory() as folder:

        def run(*words: str) -> str:
            ended = subprocess.run(
                [sys.executable, *words],
                cwd=folder,
                env={**environment, "PYTHONPATH": str(EXAMPLES.parent), "COLUMNS": str(COLUMNS)},
                capture_output=True,
                text=True,
                check=False,
            )
            return ended.stdout + ended.stderr

        (Path(folder) / "shop.json").write_bytes((EXAMPLES / "shop.json").read_bytes())
        run(str(EXAMPLES / "put_secrets.py"), "some")
        built, _, _ = run("-m", "cfnroles", "build", "shop.json").partition("\n\n")
        refused = run("-m", "cfnroles", "deploy", "build", "--yes")
    return f"$ cfnroles build shop.json\n{built}\n\n$ cfnroles deploy build\n{refused}"


def picture(text: str) -> str:
    """A terminal with this text in it, as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in text.splitlines():
        shown = Text(line, overflow="fold")
        if line.startswith("$ "):
            shown.stylize(Style(bold=True))
        shown.highlight_regex(r"^error:", Style(bold=True, color="red"))
        shown.highlight_regex(r"^\d+\.(?= )", Style(bold=True, color="red"))
        console.print(shown, highlight=False)
    return console.export_svg(title="cfnroles", theme=MONOKAI, code_format=FRAME, unique_id="refusal") + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(transcript(os.environ)), encoding="utf-8")
