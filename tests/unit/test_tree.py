"""What no file of the tree may name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together from pieces, so that this file does not name them either.
REGISTRY_HOSTS = [
    r"py" + r"pi\.(org|python\.org)",
    r"files\.python" + r"hosted",
    r"repo1?\.mav" + r"en\.(org|apache\.org)",
    r"central\.sona" + r"type",
    r"registry\.npm" + r"js",
    r"proxy\.gol" + r"ang",
    r"static\.cra" + r"tes|crates\.i" + r"o\b",
    r"deb\.deb" + r"ian|archive\.ubu" + r"ntu",
    r"registry-1\.doc" + r"ker|auth\.doc" + r"ker",
]
MACHINE_PATHS = [
    r"(?<![\w.])/" + r"(work|farm|root|opt/wheels)/",
    r"(?<![\w.])/" + r"(home|Users)/\w+/",
    r"--find" + r"-links[ =]/",
    r"--(extra-)?index" + r"-url[ =]",
]
FORBIDDEN_WORDS = [
    r"developer " + r"session",
    r"this " + r"session",
    r"steering " + r"repo",
    r"language " + r"model",
    r"as an " + r"AI\b",
    r"\bthe C" + r"EO\b",
    r"shared/" + r"(design|reference)",
    r"\bclau" + r"de\b|\banthr" + r"opic\b|\bcopi" + r"lot\b",
]
SECRETS = [
    r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bghp_[0-9A-Za-z]{36}\b",
]


def _tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listing.decode().split("\0") if name]


def findings(text: str, patterns: list[str]) -> list[str]:
    """The lines that name what may not be named."""
    # In small letters, one after the other: so each is looked for by what it begins with, fifty times as fast.
    small, forbidden = text.lower(), [re.compile(pattern.lower()) for pattern in patterns]
    if not any(one.search(small) for one in forbidden):
        return []
    return [line.strip()[:120] for line in text.splitlines() if any(one.search(line.lower()) for one in forbidden)]


@pytest.mark.parametrize(
    "patterns",
    [REGISTRY_HOSTS, MACHINE_PATHS, FORBIDDEN_WORDS, SECRETS],
    ids=["the host of a package registry", "a path of one machine", "who wrote it and how", "a secret"],
)
def test_no_tracked_file_names(patterns: list[str]) -> None:
    files = [file for file in _tracked() if file.is_file()]
    assert len(files) > 50
    found = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if (lines := findings(file.read_text(encoding="utf-8", errors="replace"), patterns))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("line", "patterns"),
    [
        ("--hash=x  # https://py" + "pi.org/simple", REGISTRY_HOSTS),
        ("https://repo.mav" + "en.apache.org/maven2", REGISTRY_HOSTS),
        ("--index" + "-url https://mirror.example", MACHINE_PATHS),
        ("see /wo" + "rk/main/x", MACHINE_PATHS),
        ("# as an A" + "I, I", FORBIDDEN_WORDS),
    ],
)
def test_such_a_name_would_be_found(line: str, patterns: list[str]) -> None:
    assert findings(f"first\n{line}\nlast", patterns) == [line]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_pinned_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(pins) > 30
    assert [line for line in pins if "==" not in line or "--hash=sha256:" not in line] == []


def test_no_file_of_the_tree_is_a_link() -> None:
    """A link to a folder of the machine it was made on replaces that folder wherever it is checked out."""
    assert [file.relative_to(ROOT).as_posix() for file in _tracked() if file.is_symlink()] == []
