"""The stages by the names that ``cor run`` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from producers.cinx.stage import poll_cinx
from producers.constructiononline.stage import poll_constructiononline
from producers.procore.stage import poll_procore
from relay.engine.stages.context import Stage, StageContext
from workers.cinx_submitter.stage import cinx_submitter
from workers.dead_letters.stage import dead_letters
from workers.mapper import mapper
from workers.procore_writer.stage import procore_writer

ALL = "all"

FACTORIES: dict[str, Callable[[StageContext], Stage]] = {
    "poll-constructiononline": poll_constructiononline,
    "poll-procore": poll_procore,
    "poll-cinx": poll_cinx,
    "mapper": mapper,
    "procore-writer": procore_writer,
    "cinx-submitter": cinx_submitter,
    "dead-letters": dead_letters,
}


LOGS_IN_AT: dict[str, str] = {
    "poll-constructiononline": "constructiononline",
    "poll-procore": "procore",
    "poll-cinx": "cinx",
    "procore-writer": "procore",
    "cinx-submitter": "cinx",
}
"""The system whose accounts a stage uses. The others call no remote, and need no credentials."""


def chosen(names: Sequence[str]) -> list[str]:
    """The stages that are meant, each once. Raises ``ValueError`` for a name that is none."""
    wanted = list(FACTORIES) if ALL in names else list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in FACTORIES]
    if unknown:
        raise ValueError(f"no such stage: {', '.join(unknown)}; there are {', '.join([*FACTORIES, ALL])}")
    return wanted
