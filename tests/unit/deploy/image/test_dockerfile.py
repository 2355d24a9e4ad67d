from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from operations.stages import STAGES
from tests.integration.image.dockerfile import context, read

ROOT = Path(__file__).parents[4]
DOCKERFILE = ROOT / "deploy/image/Dockerfile"
BUILD, FINAL = read(DOCKERFILE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SHIPPED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_hadolint_finds_nothing() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert program, "hadolint is missing: make setup"
    done = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_process_is_nobody_with_rights() -> None:
    user, group = FINAL.all("USER")[-1].text.split(":")
    assert int(user) > 10_000
    assert int(group) > 10_000


def test_the_entry_point_is_the_command_itself() -> None:
    """No shell in between: it would keep the signal to end from the process."""
    assert [one.text for one in FINAL.all("ENTRYPOINT")] == ['["cor"]']


def test_every_dependency_is_held_to_its_hash() -> None:
    installs = [one.text for one in BUILD.all("RUN") if " install " in one.text]
    assert len(installs) == 2
    assert all("--require-hashes" in one or "--no-deps --no-index" in one for one in installs)


def test_the_package_itself_is_built_without_an_index() -> None:
    """What builds it is installed by its hash; a tool with build isolation would fetch that anew."""
    (built,) = [one.text for one in BUILD.all("RUN") if "hatchling build" in one.text]
    assert "pip --python /opt/cor/bin/python install --no-deps --no-index /build/wheel" in built
    assert "pip wheel" not in built
    assert "-m build" not in built


def test_no_instruction_wants_more_than_every_engine_knows() -> None:
    """Podman 4.3 knows no flag of RUN but --mount, and a Docker without BuildKit not even that."""
    instructions = [*BUILD.instructions, *FINAL.instructions]
    flags = {(one.name, flag.partition("=")[0]) for one in instructions for flag in one.flags}
    assert flags == {("COPY", "--from")}
    assert not re.search(r"^#\s*syntax\s*=", DOCKERFILE.read_text(), re.MULTILINE), "a syntax is an image of a registry"
    assert "<<" not in DOCKERFILE.read_text(), "here-documents need BuildKit"


def test_the_final_stage_takes_only_what_was_installed() -> None:
    assert [(one.flags, one.text) for one in FINAL.all("COPY")] == [(("--from=build",), "/opt/cor /opt/cor")]


def test_the_label_says_the_version_of_the_package() -> None:
    versions = [one.text for one in FINAL.all("ARG") if one.text.startswith("VERSION=")]
    assert versions == [f"VERSION={PROJECT['project']['version']}"]


def test_a_build_sees_the_package_and_nothing_else(tmp_path: Path) -> None:
    context(ROOT, tmp_path / "context")
    seen = {file.name for file in (tmp_path / "context").iterdir()}
    assert seen == {"requirements.lock", "pyproject.toml", "README.md", *SHIPPED}
    assert [one.text for one in BUILD.all("COPY")] == ["requirements.lock ./", ". ./"]
    assert not list((tmp_path / "context").rglob("__pycache__"))


def test_every_package_at_the_top_is_shipped_or_known_not_to_be() -> None:
    """A new one has to be named in pyproject.toml and in .dockerignore."""
    assert {file.parent.name for file in ROOT.glob("*/__init__.py")} == {*SHIPPED, "benchmarks", "deploy"}


def test_every_package_that_the_command_imports_is_shipped() -> None:
    command = PROJECT["project"]["scripts"]["cor"]
    stages = {factory.partition(".")[0] for factory in STAGES.values()}  # imported by name when they are run
    needed, seen = {command.partition(".")[0].partition(":")[0], *stages}, set[str]()
    while needed:
        package = needed.pop()
        seen.add(package)
        needed |= {name for name in imported(ROOT / package) if (ROOT / name).is_dir()} - seen
    assert seen == set(SHIPPED)
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]) == {
        *SHIPPED,
        "README.md",
        "pyproject.toml",
    }


def imported(package: Path) -> set[str]:
    """The first part of every module that a package imports in full."""
    found: set[str] = set()
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def test_what_is_removed_was_for_building_only() -> None:
    (removed,) = re.findall(r"uninstall --yes ([a-z -]+)$", BUILD.all("RUN")[-1].text)
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert set(removed.split()) <= locked
