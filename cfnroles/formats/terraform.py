"""What is said besides the files of Terraform: what the roles lack, and what the gate does not ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.formats.build import told
from cfnroles.lines import Lines
from cfnroles.sources.reading import Reading
from cfnroles.targets.terraform.written_file import TerraformFile


def summary(reading: Reading, files: Sequence[TerraformFile]) -> Iterator[str]:
    """The names of the files, and what is to know of them."""
    yield "Wrote:"
    yield from (f"  {each.path}" for each in files)
    yield from told(reading, tuple(dict.fromkeys(gap for each in files for gap in each.gaps)))
    unasked = dict.fromkeys(reference for each in files for reference in each.gate.unasked)
    if unasked:
        lines = Lines(reading.texts)
        yield ""
        yield f"The gate does not ask for {len(unasked)} parameter(s), whose values would come into Terraform's state:"
        yield from (f"- {lines.where(each.origin)}" for each in unasked)
