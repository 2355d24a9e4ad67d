"""Writes the reference tables of log events and metrics from the code: ``python docs/tables.py``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from relay.engine.telemetry.metrics import Metrics

ROOT = Path(__file__).resolve().parent.parent

EVENT_MODULES = ("relay/engine/telemetry/events.py", "relay/clients/http/log_events.py")

_EVENTS = """\
# Log events

Every log line is one JSON object (`COR_LOG_FORMAT=json`) with `timestamp` (UTC), `level`, `logger`, `event`, and
`trace_id` where the work belongs to a trace. The names in `event` are stable: alerts may be built on them.

| event | meaning |
|---|---|
"""

_METRICS = """\
# Metrics

Every process serves its metrics at `/metrics`, in Prometheus' format; the port is `COR_METRICS_PORT`. `/livez` answers
503 when the loop of a stage has not turned for two minutes, `/readyz` while a stage has no partitions yet or is still
restoring them.

| metric | kind | labels | meaning |
|---|---|---|---|
"""


def events() -> Iterator[tuple[str, str]]:
    """Every log event and its meaning. Raises ``ValueError`` for one without."""
    for module in EVENT_MODULES:
        body = ast.parse((ROOT / module).read_text(encoding="utf-8")).body
        for statement, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign):
                yield _text(statement, module), _text(after, f"{module}, after {ast.unparse(statement)}")


def _text(statement: ast.stmt | None, place: str) -> str:
    value = statement.value if isinstance(statement, ast.AnnAssign | ast.Expr) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return " ".join(value.value.split())
    raise ValueError(f"{place}: a text is expected: the event's name, and below it what it means")


def pages() -> dict[Path, str]:
    """The pages' names and texts."""
    event_rows = (f"| `{name}` | {meaning} |\n" for name, meaning in events())
    metric_rows = (
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.meaning} |\n"
        for one in Metrics().declared
    )
    return {
        ROOT / "docs/log-events.md": _EVENTS + "".join(event_rows),
        ROOT / "docs/metrics.md": _METRICS + "".join(metric_rows),
    }


if __name__ == "__main__":
    for page, content in pages().items():
        page.write_text(content, encoding="utf-8")
