"""What the topics promise, in words, with what the code declares put in."""

from __future__ import annotations

from pathlib import Path
from string import Template

from docs.contract_files.samples import records
from relay.domain.outcomes import OutcomeKind
from relay.engine.letters import SETTLED_HEADER
from relay.engine.provision.declared import declared_topics
from relay.engine.topics import AUDIT, CURRENT, DAY_MS, DIRECTORY, LETTERS, OBSERVED, OUTCOMES, WRITES
from schemas import published
from schemas.registry import COMPATIBILITY

BROKERS = 3  # As in production.
TRACED = (OBSERVED, CURRENT, OUTCOMES, WRITES)
"""The topics whose records carry a trace."""

_TEXT = Path(__file__).with_name("promises.md")


def version() -> str:
    """Of the contract: the topics' version, and how many versions of their records are published."""
    return f"{OBSERVED.base.rpartition('.v')[2]}.{sum(len(published(record)) for record in records())}.0"


def promises() -> str:
    """The text, in Markdown. Raises ``KeyError`` where it asks for what is not declared."""
    declared = declared_topics("", BROKERS)
    return Template(_TEXT.read_text(encoding="utf-8")).substitute(
        observed=OBSERVED.base,
        current=CURRENT.base,
        outcomes=OUTCOMES.base,
        letters=LETTERS.base,
        writes=WRITES.base,
        directory=DIRECTORY.base,
        audit=AUDIT.base,
        settled=SETTLED_HEADER,
        traced=", ".join(f"`{topic.base}`" for topic in TRACED),
        compression=declared[OBSERVED.base].settings["compression.type"],
        largest=f"{OBSERVED.max_message_bytes:,}",
        letter_largest=f"{LETTERS.max_message_bytes:,}",
        current_tombstones=CURRENT.tombstones_ms // DAY_MS,
        letter_tombstones=LETTERS.tombstones_ms // DAY_MS,
        terminal=", ".join(f"`{kind.value}`" for kind in OutcomeKind if kind.is_terminal),
        passing=", ".join(f"`{kind.value}`" for kind in OutcomeKind if not kind.is_terminal),
        compatibility=COMPATIBILITY,
        version=version(),
        next=OBSERVED.base.replace(".v1", ".v2"),
    )
