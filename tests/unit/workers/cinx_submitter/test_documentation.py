"""The page about CINX names every field and every reason."""

from __future__ import annotations

import re
from pathlib import Path

from deploy.sandbox.cinx.import_fields import POCO
from workers.cinx_submitter.cache.lookups import NOUNS
from workers.cinx_submitter.calls.follow import _UNFOUND
from workers.cinx_submitter.document.fields import _OURS

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/cinx.md").read_text(encoding="utf-8")


def table(heading: str) -> list[tuple[list[str], list[str]]]:
    """The rows of the table under a heading: what the first cell names, and the other cells."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", first), [cell.strip() for cell in rest]) for first, *rest in rows]


def fields() -> dict[str, str]:
    return {path: source for paths, (source, _) in table("Every field of the POCO") for path in paths}


def test_every_field_of_the_template_is_filled_configurable_or_deliberately_not_ours() -> None:
    documented = fields()
    known = {field.path for field in POCO}
    silent = {path for path in known if path not in documented and f"{path.partition('.')[0]}.*" not in documented}
    assert silent == set()
    assert {path for path in documented if path not in known and not path.endswith(".*")} == {
        "items.attributes.name",
        "items.attributes.value",
    } - known


def test_what_a_route_may_set_is_what_the_page_says() -> None:
    for path, source in fields().items():
        reserved = any(path == ours or path.startswith(f"{ours}.") for ours in _OURS)
        assert reserved or source in ("route", "change order"), path
        assert not (reserved and source == "route"), path


def test_every_reason_is_documented() -> None:
    documented = {name for names, _ in table("Reasons of letters") for name in names}
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workers/cinx_submitter").rglob("*.py"))
    reasons = set(re.findall(r'(?:reject|stop_rejected|needs_decision)\(\s*"([a-z_]+)"', sources))
    reasons |= set(re.findall(r'"cinx\.([a-z_]+)"', sources))
    reasons |= {f"{name}_unknown" for _, name in NOUNS.values()} | {unfound.reason for unfound in _UNFOUND.values()}
    assert len(reasons) > 35
    assert {f"cinx.{reason}" for reason in reasons} - documented == set()
