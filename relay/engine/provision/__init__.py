"""What ``cor topics apply`` and ``cor topics diff`` do: topics, first offsets, and what names stand for."""

from __future__ import annotations

from relay.engine.provision.declared import Drift
from relay.engine.provision.groups import LostOffset
from relay.engine.provision.names import NamesUnrecorded, check_names, moved, record_names
from relay.engine.provision.report import ProvisionReport, apply, diff

__all__ = [
    "Drift",
    "LostOffset",
    "NamesUnrecorded",
    "ProvisionReport",
    "apply",
    "check_names",
    "diff",
    "moved",
    "record_names",
]
