"""The table of messages: one module for each kind, in matching order, specific ones first."""

from __future__ import annotations

from cfnroles.table.message import Symptom
from cfnroles.table.messages import (
    assuming,
    environment_files,
    executing,
    logging,
    network,
    placing,
    pulling,
    registering,
    registries,
    retries,
    running,
    secrets,
    symptoms,
    throttling,
    volumes,
)
from cfnroles.table.messages.refusals import REFUSALS
from cfnroles.table.messages.stages import STAGES

SYMPTOMS: tuple[Symptom, ...] = (
    *assuming.SYMPTOMS,
    *throttling.SYMPTOMS,
    *secrets.SYMPTOMS,
    *environment_files.SYMPTOMS,
    *registering.SYMPTOMS,
    *logging.SYMPTOMS,
    *volumes.SYMPTOMS,
    *registries.SYMPTOMS,
    *pulling.SYMPTOMS,
    *placing.SYMPTOMS,
    *running.SYMPTOMS,
    *network.SYMPTOMS,
    *symptoms.SYMPTOMS,
    *executing.SYMPTOMS,
    *pulling.LAST,
    *symptoms.LAST,
)

__all__ = ["REFUSALS", "STAGES", "SYMPTOMS", "retries"]
