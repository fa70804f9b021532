"""The log groups that are created before the tasks of a service write to them."""

from __future__ import annotations

from cfnroles.facts import Facts
from cfnroles.options import LogGroupOptions
from cfnroles.text import REGION, Text, text_of
from cfnroles.workload import Workload


def log_group_names(workload: Workload, facts: Facts, options: LogGroupOptions) -> tuple[Text, ...]:
    """Return the log groups in the home Region that the awslogs driver writes to, except those that already exist."""
    names = set()
    for path, name in workload.find("containerDefinitions[].logConfiguration.options.awslogs-group"):
        configuration = workload.at(path[:-2])
        region = configuration.get("options", {}).get("awslogs-region", "")
        elsewhere = bool(region) and bool(facts.region) and region not in (facts.region, REGION)
        if configuration.get("logDriver") == "awslogs" and not elsewhere and isinstance(name, str):
            names.add(text_of(name))
    return tuple(sorted(names - set(options.existing)))
