"""What roles are written as: stacks of CloudFormation, Terraform, plain policies."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands in the place of a module that is loaded when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


# troposphere imports cfn_flip for its own `to_yaml`, which nothing here calls. With PyYAML, which it needs, it takes as
# long to load as troposphere itself.
sys.modules.setdefault("cfn_flip", _Later("cfn_flip"))
