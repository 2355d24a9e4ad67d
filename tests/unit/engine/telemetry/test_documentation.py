from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from docs.tables import EVENT_MODULES, ROOT, events, pages
from relay.engine.telemetry.metrics import MetricName, Metrics

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_the_pages_of_events_and_metrics_are_those_of_the_code() -> None:
    outdated = [page.name for page, content in pages().items() if page.read_text(encoding="utf-8") != content]
    assert outdated == [], "run: make docs"


def test_every_metric_name_is_registered_once_and_means_something() -> None:
    declared = Metrics().declared
    assert sorted(one.name for one in declared) == sorted(MetricName)
    assert all(one.meaning for one in declared)


def test_the_registry_shows_the_declared_names() -> None:
    metrics = Metrics()
    shown = {family.name for family in metrics.registry.collect()}
    assert shown == {one.name.removesuffix("_total") for one in metrics.declared}


def test_event_names_are_unique() -> None:
    names = [name for name, _ in events()]
    assert len(names) == len(set(names))


def _literal_events(tree: ast.AST) -> Iterator[str]:
    """Texts given to a logger where one of the documented constants belongs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            holder, first = ast.unparse(node.func.value), node.args[0] if node.args else None
            if holder in ("_log", "log", "logger", "self._log") and isinstance(first, ast.Constant):
                yield f"{first.value!r} in line {node.lineno}"


def _sources() -> Iterator[Path]:
    for package in ("cli", "operations", "relay", "schemas", "producers", "workers"):
        yield from (ROOT / package).rglob("*.py")


def test_what_is_logged_is_a_documented_event() -> None:
    literal = {
        str(file.relative_to(ROOT)): found
        for file in _sources()
        if (found := list(_literal_events(ast.parse(file.read_text(encoding="utf-8")))))
    }
    assert literal == {}, f"name these events in one of {EVENT_MODULES}"


def test_a_literal_event_would_be_found() -> None:
    assert list(_literal_events(ast.parse("_log.info('made.up', x=1)"))) == ["'made.up' in line 1"]


def test_every_metric_and_every_event_is_told_somewhere() -> None:
    declaring = {ROOT / module for module in ("relay/engine/telemetry/metrics.py", *EVENT_MODULES)}
    texts = [file.read_text(encoding="utf-8") for file in _sources() if file not in declaring]
    used = set(re.findall(r"\w+", "\n".join(texts)))
    metrics = {name for name in vars(Metrics()) if name not in ("registry", "declared")}
    constants = {
        name
        for module in EVENT_MODULES
        for name in vars(importlib.import_module(module.removesuffix(".py").replace("/", ".")))
        if name.isupper()
    }
    assert (metrics | constants) - used == set()
