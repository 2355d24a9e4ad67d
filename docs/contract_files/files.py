"""What the contract consists of, file by file."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from docs.contract_files.document import document
from docs.contract_files.page import page
from docs.contract_files.samples import samples

FOLDER = Path(__file__).resolve().parents[1] / "contract"


def files() -> dict[str, str]:
    """The text of every file by its name below :data:`FOLDER`."""
    shown = samples()
    described = document(shown)
    return {
        "asyncapi.json": _text(described),
        "index.html": page(described, shown),
        **{f"samples/{sample.name}.json": _text(sample.content) for sample in shown},
    }


def leftovers(wanted: Collection[str]) -> list[str]:
    """Names of files that stand there and are none of ``wanted``."""
    written = {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*") if file.is_file()}
    return sorted(written - set(wanted))


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
