"""How the records have grown: what each published version of a schema brought, and in which release it came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.contract_files.samples import records
from relay.engine.topics import Topic
from schemas import published

_CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One published version. ``release``: the one that tells of it first; ``fields``: paths of those that are new."""

    record: str
    version: int
    release: str
    fields: tuple[str, ...]


def growth() -> list[Growth]:
    """Every published version of every record that other services read, the newest release first."""
    found = []
    for record in records():
        before: set[str] = set()
        for version in published(record):
            now = list(paths(version.schema))
            new = tuple(path for path in now if path not in before) if before else ()
            before = set(now)
            release = _release_of(record, version.version)
            found.append(Growth(record=record, version=version.version, release=release, fields=new))
    releases = _releases()
    return sorted(found, key=lambda one: (releases.index(one.release), records().index(one.record), -one.version))


def beginnings(topics: Iterable[Topic]) -> list[tuple[str, Topic]]:
    """Each topic with the release that told of it as new, the newest first; the first one told of none."""
    releases = _releases()
    found = [(_began(topic), topic) for topic in topics]
    return sorted(found, key=lambda one: releases.index(one[0]))


def _began(topic: Topic) -> str:
    telling = (release for release, text in _sections().items() if f"Topic `{topic.base}`" in text)
    return next(telling, _releases()[-1])


def paths(schema: Any, inside: str = "") -> Iterator[str]:
    """The fields of a record, those of the records in it with their whole path: ``change_order.items.cost``."""
    if isinstance(schema, list):
        for branch in schema:
            yield from paths(branch, inside)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            path = f"{inside}.{field['name']}".lstrip(".")
            yield path
            yield from paths(field["type"], path)
        for part in ("items", "values"):
            yield from paths(schema.get(part), inside)
        if isinstance(schema.get("type"), dict | list):
            yield from paths(schema["type"], inside)


def _sections() -> dict[str, str]:
    parts = re.split(r"^## \[(.+?)\].*$", _CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _releases() -> list[str]:
    return list(_sections())


def _release_of(record: str, version: int) -> str:
    """The oldest release that has the version, or a later one: each tells its newest only."""
    for release, text in reversed(_sections().items()):
        if any(int(number) >= version for number in re.findall(rf"`{record}` (\d+)", text)):
            return release
    raise ValueError(f"CHANGELOG.md does not name `{record}` {version}")
