"""The feature table: one module per feature of ECS, in the order of docs/features.md."""

from __future__ import annotations

from cfnroles.feature import Feature
from cfnroles.features import awslogs, ecr_images, environment_files, secrets

FEATURES: tuple[Feature, ...] = (
    *ecr_images.FEATURES,
    *secrets.FEATURES,
    *environment_files.FEATURES,
    *awslogs.FEATURES,
)
