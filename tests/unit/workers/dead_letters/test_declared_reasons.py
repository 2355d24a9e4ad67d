"""Reasons as label values: those that the documentation names, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relay.domain.letters import MAPPER
from relay.domain.mapping import reasons
from workers.dead_letters.declared_reasons import DECLARED, OTHER, labels_of

DOCS = Path(__file__).parents[4] / "docs"


def documented(page: str, heading: str) -> set[str]:
    """What the first column of a section's tables names; other tests hold that nothing is left out there."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = text.partition(f"## {heading}")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {reason for row in rows for reason in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)}


@pytest.mark.parametrize("page", ["procore.md", "cinx.md"])
def test_every_reason_of_a_writer_is_declared(page: str) -> None:
    named = documented(page, "Reasons of letters")
    assert len(named) > 40
    assert named - DECLARED == set()


def test_every_other_reason_of_a_letter_is_declared() -> None:
    named = documented("operating.md", "Dead letters")
    assert "route.missing" in named
    assert named - DECLARED == set()


def test_what_mapping_refuses_for_a_target_is_declared() -> None:
    about = {reasons.about(system, word) for system in ("procore", "cinx") for word in reasons.ABOUT_A_TARGET}
    assert about | {reasons.ROUTE_MISSING, reasons.ROUTE_AMBIGUOUS} <= DECLARED


def test_forged_letters_make_one_series() -> None:
    forged = {labels_of(f"stage-{number}", f"forged.{number}") for number in range(3_000)}
    assert forged == {(OTHER, OTHER)}
    assert labels_of(MAPPER, "forged.reason") == (MAPPER, OTHER)
    assert labels_of(MAPPER, reasons.ROUTE_MISSING) == (MAPPER, reasons.ROUTE_MISSING)
