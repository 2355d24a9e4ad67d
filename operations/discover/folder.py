"""What ``cor discover`` writes: a configuration, the cost codes, and what was read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from operations.discover import configuration as configurations
from operations.discover.cost_codes import summed, write_cost_codes
from operations.discover.discover import Discovery
from operations.discover.guessed_routes import Guesses, guess_routes
from operations.discover.lists import COST_CODES, SOURCE_CODES
from operations.discover.memory import keep, with_others
from operations.discover.writing import replace_file
from relay.engine.configuration import load_configuration
from relay.engine.configuration.document import parse_document, read_text
from relay.engine.configuration.pins import placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files; how many routes were added and for which projects there is none; codes that nothing stands for."""

    files: tuple[Path, ...]
    routes: int
    without_route: tuple[str, ...]
    unmapped: int


def write_folder(folder: Path, configured: Path, discovery: Discovery) -> Written:
    """Writes what was found. Raises ``ConfigurationError`` or ``Refused`` before a file of people is replaced.

    What another run has read meanwhile counts, and stays. The configuration is loaded at last, so that what is wrong
    with it is told as well. ``configured``: the file from which the accounts are taken where the folder has none yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    discovery = replace(discovery, lists=with_others(folder, discovery.lists, discovery.forgotten))
    kept = keep(folder, discovery.lists)
    file = folder / configurations.FILE
    text = read_text(file) if file.exists() else configurations.moved(read_text(configured), configured, folder)
    guesses = _guesses(discovery, parse_document(str(file), text).content)
    result = configurations.with_routes(str(file), text, guesses.routes)
    codes, unmapped = write_cost_codes(folder, summed(discovery.rows(SOURCE_CODES)), _known_codes(discovery))
    replace_file(file, result)
    load_configuration(file, secrets_of=(), pins=placeholders({}, {}))
    return Written(files=(file, codes, kept), routes=len(guesses.routes), without_route=guesses.none, unmapped=unmapped)


def _known_codes(discovery: Discovery) -> dict[str, str | None]:
    return {code: row.get("name") for row in discovery.rows(COST_CODES) if (code := row.get("code")) is not None}


def _guesses(discovery: Discovery, content: Any) -> Guesses:
    routes = content.get("routes") if isinstance(content, dict) else None
    stated = [route for route in routes or [] if isinstance(route, dict)]
    starts = [start for route in stated if isinstance(start := route.get("from"), dict)]
    ours = [start for start in starts if start.get("system") == "constructiononline"]
    return guess_routes(
        discovery,
        routed={(str(start.get("account")), str(start.get("project"))) for start in ours},
        every={str(start.get("account")) for start in ours if start.get("project") is None},
        names={str(route["name"]) for route in stated if route.get("name")},
    )
