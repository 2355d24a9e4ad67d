from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.integration.image.dockerfile import Machine, context, read

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "deploy/image/Dockerfile"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SHIPPED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which the Dockerfile's build stage was done."""
    folder = tmp_path_factory.mktemp("image")
    context(ROOT, folder / "context")
    root = folder / "root"
    (root / "opt").mkdir(parents=True)
    machine = Machine(root, folder / "context", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    machine.do(read(DOCKERFILE)[0])
    return machine


def cor(machine: Machine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, far from the checkout, with the environment of a bare container."""
    return subprocess.run(
        [str(machine.place("/opt/cor/bin/cor")), *arguments],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(machine.root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def python(machine: Machine, code: str) -> str:
    """What the installed interpreter says."""
    command = [str(machine.place("/opt/cor/bin/python")), "-I", "-c", code]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_runs_far_from_the_checkout(machine: Machine) -> None:
    done = cor(machine, "--help")
    assert done.returncode == 0, done.stderr
    assert "topics" in done.stdout


def test_the_schemas_came_along(machine: Machine) -> None:
    done = cor(machine, "schemas", "check", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"breaks": [], "unpublished": [], "subjects": []}
    count = "import schemas, pathlib; print(len(list(pathlib.Path(schemas.__file__).parent.rglob('*.avsc'))))"
    assert int(python(machine, count)) == len(list((ROOT / "schemas").rglob("*.avsc"))) > 0


def test_nothing_of_the_checkout_is_used(machine: Machine) -> None:
    for package in SHIPPED:
        where = python(machine, f"import {package}; print(*{package}.__path__)")
        assert where.startswith(str(machine.root)), where


def test_every_stage_is_known_to_it(machine: Machine) -> None:
    done = cor(machine, "run", "no-such-stage")
    assert done.returncode == 2
    assert "procore-writer" in done.stderr


def test_what_only_builds_is_gone_and_nothing_misses_it(machine: Machine) -> None:
    for name in ("pip", "hatchling", "editables", "setuptools"):
        assert python(machine, f"import importlib.util as u; print(u.find_spec({name!r}))") == "None"
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(machine.place("/opt/cor/bin/python")), "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_nothing_is_written_where_it_is_installed(machine: Machine) -> None:
    installed = machine.place("/opt/cor")
    before = set(installed.rglob("*"))
    assert cor(machine, "run", "--help").returncode == 0
    assert set(installed.rglob("*")) == before
