from __future__ import annotations

from relay.domain.ledger_facts import CinxFact, ProcoreFact, ProcorePart, is_line, item_of, line_part


def names(kind: type) -> set[str]:
    return {value for name, value in vars(kind).items() if name.isupper()}


def test_names_are_those_that_ledgers_of_earlier_releases_hold() -> None:
    assert names(ProcoreFact) == {
        "pco_id", "package_id", "request_id", "number", "package_number", "request_number", "url", "package_url",
        "tiers", "fields", "number_refused", "number_suffix", "unclaimed_lines", "event",
    }  # fmt: skip
    assert names(ProcorePart) == {
        "header", "number", "status", "package", "package_status", "link", "request", "request_status",
        "request_link", "claim", "reason",
    }  # fmt: skip
    assert names(CinxFact) == {
        "poco_guid", "poco_number", "poco_url", "poco_lines", "poco_state", "earlier_pocos", "poco_mark",
    }  # fmt: skip


def test_a_line_is_a_part_of_its_item() -> None:
    assert line_part("7001") == "line:7001"
    assert item_of(line_part("7001")) == "7001"
    assert is_line(line_part("7001"))
    assert not is_line(ProcorePart.LINK)
