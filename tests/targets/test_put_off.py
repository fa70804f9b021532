"""troposphere without what nothing of it here needs, which a program beside cfnroles still has."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import cfnroles.targets
import troposphere
assert "yaml" not in sys.modules
template = troposphere.Template(Description="d")
print(template.to_yaml().splitlines()[0])
import cfn_flip.yaml_dumper
from cfn_flip import to_json
print(cfn_flip.to_yaml is troposphere.cfn_flip.to_yaml, to_json.__module__)
"""


def test_what_is_put_off_is_there_when_it_is_asked_for() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout.splitlines() == ["Description: d", "True cfn_flip"]
