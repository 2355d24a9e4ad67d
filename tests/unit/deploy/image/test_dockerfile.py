from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.integration.image.dockerfile import context, read

ROOT = Path(__file__).parents[4]
DOCKERFILE = ROOT / "deploy/image/Dockerfile"
BUILD, FINAL = read(DOCKERFILE)


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


def test_the_package_itself_is_built_without_network() -> None:
    (built,) = [one for one in BUILD.all("RUN") if "hatchling build" in one.text]
    assert "--network=none" in built.flags


def test_the_final_stage_takes_only_what_was_installed() -> None:
    assert [(one.flags, one.text) for one in FINAL.all("COPY")] == [(("--from=build",), "/opt/cor /opt/cor")]


def test_the_label_says_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = [one.text for one in FINAL.all("ARG") if one.text.startswith("VERSION=")]
    assert versions == [f"VERSION={project['version']}"]


def test_a_build_sees_the_package_and_nothing_else(tmp_path: Path) -> None:
    context(ROOT, tmp_path / "context")
    seen = {file.name for file in (tmp_path / "context").iterdir()}
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert seen == {"requirements.lock", "pyproject.toml", "README.md", *packages["packages"]}
    copied = {name for one in BUILD.all("COPY") for name in one.text.split()[:-1]}
    assert copied == seen
    assert not list((tmp_path / "context").rglob("__pycache__"))


def test_what_is_removed_was_for_building_only() -> None:
    (removed,) = re.findall(r"uninstall --yes ([a-z -]+)$", BUILD.all("RUN")[-1].text)
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert set(removed.split()) <= locked
