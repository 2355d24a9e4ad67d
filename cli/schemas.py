"""``cor schemas check`` and ``cor schemas register``: the contracts of the topics."""

from __future__ import annotations

import os
import threading

import typer

from cli.errors import Exit
from cli.screen import AsJson, Screen
from operations.environment import registry_of
from operations.errors import WrongUsage
from operations.preflight import await_registry
from relay.engine.settings import Settings, read_settings
from relay.engine.topics import ALL
from schemas import (
    COMPATIBILITY,
    Incompatibility,
    Registry,
    SchemaNotRegistered,
    all_incompatibilities,
    subject_of,
    unpublished,
)

app = typer.Typer(help="The schemas of the topics.", no_args_is_help=True)


@app.command("check")
def check_command(*, as_json: AsJson = False) -> None:
    """Compatibility with every published version, and with the registry where one is configured."""
    findings, changed = all_incompatibilities(), unpublished()
    settings = _settings()
    registry = None if settings is None else registry_of(settings)
    subjects = [] if registry is None or settings is None else _subjects(registry, settings.topic_prefix)
    screen = Screen(as_json=as_json)
    screen.json({"breaks": findings, "unpublished": changed, "subjects": subjects})
    _tell(screen, findings, changed)
    if registry is not None:
        columns = ("subject", "id", "compatibility", "problem")
        rows = [(one["subject"], one["id"] or "", one["compatibility"], one["problem"]) for one in subjects]
        screen.table(columns, rows, title=f"Registry at {registry.url}:")
    if findings or changed or any(one["problem"] for one in subjects):
        raise typer.Exit(Exit.FAILED)
    screen.line("Every schema reads what each of its published versions wrote.")


@app.command("register")
def register_command(*, as_json: AsJson = False) -> None:
    """Registers every published version for every topic. Running it again changes nothing."""
    settings = read_settings()
    registry = registry_of(settings)
    if registry is None:
        raise WrongUsage("there is no registry to register with: set COR_SCHEMA_REGISTRY_URL")
    await_registry(settings, threading.Event())
    screen = Screen(as_json=as_json)
    rows = []
    for topic in ALL:
        name = topic.name(settings.topic_prefix)
        rows.append((subject_of(name), topic.record, registry.register(name, topic.record)))
    screen.json({"registered": [dict(zip(("subject", "record", "id"), row, strict=True)) for row in rows]})
    screen.table(("subject", "record", "id"), rows)


def _settings() -> Settings | None:
    """The check of the published versions needs no settings at all, so that it runs anywhere."""
    return read_settings() if os.environ.get("COR_SCHEMA_REGISTRY_URL") else None


def _subjects(registry: Registry, prefix: str) -> list[dict[str, object]]:
    return [_subject(registry, topic.name(prefix), topic.record) for topic in ALL]


def _subject(registry: Registry, topic: str, record: str) -> dict[str, object]:
    shown: dict[str, object] = {"subject": subject_of(topic), "id": None, "compatibility": "", "problem": ""}
    try:
        shown["id"] = registry.id_of(topic, record)
    except SchemaNotRegistered:
        return shown | {"problem": "not registered: run `cor schemas register`"}
    found = registry.compatibility_of(topic)
    problem = "" if found == COMPATIBILITY else f"should be {COMPATIBILITY}: run `cor schemas register`"
    return shown | {"compatibility": found, "problem": problem}


def _tell(screen: Screen, findings: list[Incompatibility], changed: list[str]) -> None:
    if findings:
        rows = [(finding.record, finding.version, finding.path, finding.why) for finding in findings]
        screen.table(("record", "version", "field", "why it cannot be read"), rows, title="Breaks:")
    for record in changed:
        screen.line(f"{record}: its schema is not published: copy it to schemas/versions/{record}/ as the next number")
