"""The stages by the names that ``cor run`` takes.

What makes a stage is imported when it is asked for: a process loads nothing of the stages that others run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

from operations.errors import WrongUsage

EVERY_STAGE = "all"

STAGES: Mapping[str, str] = {
    "poll-constructiononline": "producers.constructiononline.stage:poll_constructiononline",
    "poll-procore": "producers.procore.stage:poll_procore",
    "poll-cinx": "producers.cinx.stage:poll_cinx",
    "mapper": "workers.mapper:mapper",
    "procore-writer": "workers.procore_writer.stage:procore_writer",
    "cinx-submitter": "workers.cinx_submitter.stage:cinx_submitter",
    "dead-letters": "workers.dead_letters.stage:dead_letters",
    "views": "workers.views.stage:views",
}
"""``module:function`` of what makes each stage of a ``StageContext``, as entry points are written."""


LOGS_IN_AT: Mapping[str, str] = {
    "poll-constructiononline": "constructiononline",
    "poll-procore": "procore",
    "poll-cinx": "cinx",
    "procore-writer": "procore",
    "cinx-submitter": "cinx",
}
"""The system whose accounts a stage uses. The others call no remote, and need no credentials."""


def selected(names: Sequence[str]) -> list[str]:
    """The stages that are meant, each once. Raises ``WrongUsage`` for a name that is none."""
    stages = list(STAGES) if EVERY_STAGE in names else list(dict.fromkeys(names))
    unknown = [name for name in stages if name not in STAGES]
    if unknown:
        raise WrongUsage(f"no such stage: {', '.join(unknown)}; there are {', '.join([*STAGES, EVERY_STAGE])}")
    return stages


def factory_of(stage: str) -> Callable[..., Any]:
    """Imports what makes the stage, and returns it."""
    module, _, function = STAGES[stage].partition(":")
    return cast("Callable[..., Any]", getattr(import_module(module), function))
