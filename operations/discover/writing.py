"""A file that is there whole, or as it was before."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(file: Path, text: str) -> Path:
    """Writes ``text`` beside the file and puts it in its place; one that says the same already is not touched."""
    content = text.encode("utf-8")
    if file.exists() and file.read_bytes() == content:
        return file
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(file)
    return file
