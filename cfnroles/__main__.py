"""``python -m cfnroles``: the same as the ``cfnroles`` command."""

from cfnroles.cli import main

main()
