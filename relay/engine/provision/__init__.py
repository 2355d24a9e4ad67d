"""What ``cor topics apply`` and ``cor topics diff`` do: topics, first offsets, and what names stand for."""

from __future__ import annotations

from relay.engine.provision.declared import Drift
from relay.engine.provision.groups import LostOffset
from relay.engine.provision.lost_topics import LostTopic, TopicsLost, lost_topics
from relay.engine.provision.names import (
    NamesUnrecorded,
    check_names,
    moved,
    record_names,
    recorded_ids,
    recorded_names,
    recorded_pins,
    topic_record,
)
from relay.engine.provision.outgrown import refuse_outgrown
from relay.engine.provision.report import ProvisionReport, apply, diff

__all__ = [
    "Drift",
    "LostOffset",
    "LostTopic",
    "NamesUnrecorded",
    "ProvisionReport",
    "TopicsLost",
    "apply",
    "check_names",
    "diff",
    "lost_topics",
    "moved",
    "record_names",
    "recorded_ids",
    "recorded_names",
    "recorded_pins",
    "refuse_outgrown",
    "topic_record",
]
