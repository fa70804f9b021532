"""The feature table: one module per feature of ECS, in the order of docs/features.md."""

from __future__ import annotations

from cfnroles.table.ecs import (
    app_mesh,
    awslogs,
    credential_specs,
    ecr_images,
    environment_files,
    execute_command,
    fault_injection,
    firelens,
    firelens_destinations,
    firelens_keys,
    firelens_service_connect,
    firelens_signed,
    guard_duty,
    lattice,
    lifecycle_hooks,
    load_balancers,
    managed_volumes,
    run_by,
    secrets,
    service_connect,
    tracing,
    volumes,
)
from cfnroles.table.feature import Feature

FEATURES: tuple[Feature, ...] = (
    *ecr_images.FEATURES,
    *guard_duty.FEATURES,
    *secrets.FEATURES,
    *environment_files.FEATURES,
    *credential_specs.FEATURES,
    *awslogs.FEATURES,
    *firelens.FEATURES,
    *firelens_destinations.FEATURES,
    *firelens_signed.FEATURES,
    *firelens_keys.FEATURES,
    *firelens_service_connect.FEATURES,
    *volumes.FEATURES,
    *managed_volumes.FEATURES,
    *execute_command.FEATURES,
    *app_mesh.FEATURES,
    *tracing.FEATURES,
    *fault_injection.FEATURES,
    *service_connect.FEATURES,
    *load_balancers.FEATURES,
    *lattice.FEATURES,
    *lifecycle_hooks.FEATURES,
    *run_by.FEATURES,
)
