"""``python -m cfnroles`` runs the ``cfnroles`` command."""

from cfnroles.cli import run

run()
