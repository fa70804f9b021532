"""What an installation of the wheel takes on a disk, with all that it needs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import usage
from benchmarks.row import Row, spelled

MEGABYTES = 251
_ROOT = Path(__file__).parent.parent


def rows() -> Iterator[Row]:
    """The package and what it requires, in a new environment."""
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        wheels = Path(scratch) / "wheels"
        usage([*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(_ROOT)])
        (wheel,) = wheels.glob("*.whl")
        target = Path(scratch) / "installed"
        took = usage([*pip, "install", "--target", str(target), str(wheel)])
        files = [path for path in target.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
    what = "an installation, compiled"
    yield Row(
        what, spelled(took.seconds), f"{len(files):,} files", f"{size:.0f} MB", f"< {MEGABYTES} MB", size < MEGABYTES
    )
