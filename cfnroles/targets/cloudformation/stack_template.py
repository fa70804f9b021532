"""The template of a stack that is being built."""

from __future__ import annotations

from typing import Any

from troposphere import Template


class StackTemplate(Template):
    """A template of any size: ``limits.check`` counts the final one, and reports what CloudFormation would reject.

    troposphere counts as members are added, before the choices that no option leaves open are settled, and raises a
    ValueError that names no stack.
    """

    def add_parameter(self, parameter: Any) -> Any:
        """Add a parameter or a list of them; raises ValueError for a name that exists."""
        return self._update(self.parameters, parameter)

    def add_resource(self, resource: Any) -> Any:
        """Add a resource or a list of them; raises ValueError for a logical ID that exists."""
        return self._update(self.resources, resource)

    def add_output(self, output: Any) -> Any:
        """Add an output or a list of them; raises ValueError for a name that exists."""
        return self._update(self.outputs, output)
