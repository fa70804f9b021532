"""The example of each feature as a whole workload, for the documentation and for tests of the table."""

from __future__ import annotations

from typing import Any

from cfnroles.facts import Facts
from cfnroles.table.feature import Feature
from cfnroles.workload import Workload

_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

#: All facts, so that each row has a result.
FACTS = Facts(
    account="123456789012",
    region="us-east-1",
    kms_key_arns=(_KEY,),
    file_key_arns=(_KEY,),
    log_group_key_arns=(_KEY,),
    destination_key_arns=(_KEY,),
    pull_through_prefixes=("docker-hub",),
    domainless_secret_arns=("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/directory-AbCdEf",),
    s3_files_buckets=("shop-files",),
    root_volumes=("data",),
    compat=True,
)


def example_workload(feature: Feature) -> Workload:
    """Return the smallest workload that uses ``feature`` as in its example."""
    tree: dict[str, Any] = {"family": "shop", "containerDefinitions": [{"name": "web"}]}
    for field, value in ((feature.field, feature.example), *feature.beside):
        _put(tree, field.split("."), value)
    if isinstance(tree.get("volumes"), list):
        tree["volumes"][0].setdefault("name", "data")
    return Workload("example", tree)


def _put(tree: dict[str, Any], steps: list[str], value: Any) -> None:
    name, rest = steps[0].removesuffix("[]"), steps[1:]
    if steps[0].endswith("[]"):
        elements = tree.setdefault(name, [])
        if not rest:
            elements.append(value)
            return
        if not elements:
            elements.append({})
        _put(elements[0], rest, value)
    elif rest:
        _put(tree.setdefault(name, {}), rest, value)
    else:
        tree[name] = value
