"""Writes ``docs/contract``."""

from __future__ import annotations

from docs.contract_files.files import FOLDER, files, leftovers

if __name__ == "__main__":
    wanted = files()
    for name, content in wanted.items():
        file = FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    for name in leftovers(wanted):
        (FOLDER / name).unlink()
