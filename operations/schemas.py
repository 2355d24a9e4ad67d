"""The contracts of the topics: compared with their published versions, and with the registry."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from operations.environment import registry_of
from operations.errors import WrongUsage
from operations.preflight import await_registry
from relay.engine.settings import read_settings
from relay.engine.topics import ALL
from schemas import Incompatibility, SchemaNotRegistered, all_incompatibilities, published, unpublished
from schemas.registry import COMPATIBILITY, Registry, subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectState:
    """One subject of the registry. ``id``: ``None`` where not registered; ``problem``: empty where all is well."""

    subject: str
    id: int | None
    compatibility: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemasReport:
    """``breaks``: what no longer reads a published version; ``unpublished``: records whose schema has changed since.

    ``registry`` is its address, or ``None`` where none is configured; then there are no ``subjects``.
    """

    breaks: list[Incompatibility]
    unpublished: list[str]
    registry: str | None
    subjects: list[SubjectState]

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.breaks or self.unpublished or any(state.problem for state in self.subjects))


def check_schemas() -> SchemasReport:
    """Compares all schemas. Without a registry no settings are needed, so that it runs anywhere."""
    registry, subjects = None, []
    if os.environ.get("COR_SCHEMA_REGISTRY_URL"):
        settings = read_settings()
        registry = registry_of(settings)
        if registry is not None:
            subjects = [_subject(registry, topic.name(settings.topic_prefix), topic.record) for topic in ALL]
    return SchemasReport(
        breaks=all_incompatibilities(),
        unpublished=unpublished(),
        registry=None if registry is None else registry.url,
        subjects=subjects,
    )


def register_schemas() -> list[tuple[str, str, int]]:
    """Registers every published version for every topic; returns subjects with their records and ids.

    Raises ``WrongUsage`` where no registry is configured.
    """
    settings = read_settings()
    registry = registry_of(settings)
    if registry is None:
        raise WrongUsage("there is no registry to register with: set COR_SCHEMA_REGISTRY_URL")
    await_registry(settings, threading.Event())
    names = [(topic.name(settings.topic_prefix), topic.record) for topic in ALL]
    return [(subject_of(name), record, registry.register(name, record)) for name, record in names]


def _subject(registry: Registry, topic: str, record: str) -> SubjectState:
    subject = subject_of(topic)
    try:
        schema_id = registry.id_of(topic, published(record)[-1])
    except SchemaNotRegistered:
        problem = "not registered: run `cor schemas register`"
        return SubjectState(subject=subject, id=None, compatibility="", problem=problem)
    compatibility = registry.compatibility_of(topic)
    problem = "" if compatibility == COMPATIBILITY else f"should be {COMPATIBILITY}: run `cor schemas register`"
    return SubjectState(subject=subject, id=schema_id, compatibility=compatibility, problem=problem)
