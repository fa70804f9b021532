"""The formats that roles are written in: CloudFormation stacks, Terraform, plain policies."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """A placeholder for a module, which loads it when an attribute is first read."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


# troposphere imports cfn_flip for its own `to_yaml`, which nothing here calls. With PyYAML, which it needs, it takes as
# long to load as troposphere itself.
sys.modules.setdefault("cfn_flip", _Later("cfn_flip"))
