"""What was read, kept in a folder, so that a second run goes on where the calls of the first were spent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from operations.discover.lists import KINDS, Row
from operations.discover.writing import replace_file
from operations.errors import Refused

FILE: Final = "discovered.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundList:
    """The rows of one list, and when they were read."""

    account: str
    kind: str
    project: str | None
    read_at: datetime
    rows: list[Row]


def recall(folder: Path) -> dict[str, FoundList]:
    """What an earlier run has kept. Raises ``Refused`` where the file is not one of this command."""
    file = folder / FILE
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {name: _found(entry) for name, entry in kept["lists"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        words = f"{file} is not what cor discover writes ({type(error).__name__}: {error})"
        raise Refused(f"{words}: delete it, and everything is read anew") from None


def with_others(
    folder: Path, lists: Mapping[str, FoundList], forgotten: Mapping[str, FoundList]
) -> dict[str, FoundList]:
    """``lists``, and what stands in the folder by now beside them: another run may have written meanwhile.

    Of a list that both have, what was read last. ``forgotten``: what was asked for anew, and counts no more as it was.
    Raises as :func:`recall`.
    """
    standing = {name: found for name, found in recall(folder).items() if found != forgotten.get(name)}
    ours = {
        name: found for name, found in lists.items() if name not in standing or standing[name].read_at <= found.read_at
    }
    return standing | ours


def keep(folder: Path, lists: Mapping[str, FoundList]) -> Path:
    """Writes what was read into the folder."""
    entries = {name: _entry(found) for name, found in sorted(lists.items())}
    return replace_file(folder / FILE, json.dumps({"lists": entries}, ensure_ascii=False, indent=1) + "\n")


def _entry(found: FoundList) -> dict[str, object]:
    return {
        "account": found.account,
        "kind": found.kind,
        "project": found.project,
        "read_at": found.read_at.isoformat(),
        "rows": found.rows,
    }


def _found(entry: Mapping[str, object]) -> FoundList:
    kind, rows = str(entry["kind"]), entry["rows"]
    if kind not in KINDS or not isinstance(rows, list):
        raise ValueError(f"no list of {kind}")
    return FoundList(
        account=str(entry["account"]),
        kind=kind,
        project=None if entry["project"] is None else str(entry["project"]),
        read_at=datetime.fromisoformat(str(entry["read_at"])),
        rows=[{str(name): None if text is None else str(text) for name, text in row.items()} for row in rows],
    )
