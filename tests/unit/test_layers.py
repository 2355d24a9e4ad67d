"""Who may import whom: imports go one way, and the domain is pure."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

READ_BY_THE_PAGE = ("relay.domain", "schemas", "relay.engine", "workers", "operations")

# Each layer with the layers that it may import besides itself. The longest name that fits a module is its layer.
LAYERS: dict[str, set[str]] = {
    "relay.domain": set(),
    "schemas": set(),
    "relay.clients": {"relay.domain", "schemas"},
    "relay.engine": {"relay.domain", "schemas", "relay.clients"},
    "producers": {"relay.domain", "schemas", "relay.clients", "relay.engine"},
    "workers": {"relay.domain", "schemas", "relay.clients", "relay.engine"},
    "operations": {"relay.domain", "schemas", "relay.clients", "relay.engine", "producers", "workers"},
    # What the screens share is beneath them, and those that only read know nothing of decisions.
    "web": {*READ_BY_THE_PAGE},
    "web.pages": {*READ_BY_THE_PAGE, "web"},
    "web.decisions": {*READ_BY_THE_PAGE, "web", "web.pages"},
    "web.app": {*READ_BY_THE_PAGE, "web", "web.pages", "web.decisions"},
    "web.server": {*READ_BY_THE_PAGE, "web", "web.app"},
    # It serves the page.
    "cli": {*READ_BY_THE_PAGE, "relay.clients", "producers", "web", "web.server"},
    # A simulator that shares code with the client it tests proves nothing.
    "deploy.sandbox": set(),
    "deploy.local": set(),
}

# What the domain needs of the standard library; none of it reads a file, a clock, a socket or a random number.
PURE = {
    "__future__",
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "html",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "string",
    "types",
    "typing",
    "unicodedata",
    "uuid",
}
# And of libraries.
PURE_LIBRARIES = {"re2"}

# Attributes of pure modules that look at a clock or at chance all the same, and built-ins that touch the world.
IMPURE = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input", "exec", "eval"}

PRODUCT = ("cli", "web", "operations", "workers", "producers", "relay", "schemas")

OURS = {"cli", "web", "operations", "relay", "schemas", "producers", "workers", "deploy", "benchmarks", "docs", "tests"}


def layer_of(module: str) -> str | None:
    """The layer of a module, if it has one."""
    fitting = [layer for layer in LAYERS if module == layer or module.startswith(f"{layer}.")]
    return max(fitting, key=len, default=None)


def imports(source: str, package: str) -> Iterator[str]:
    """Every module that a source file names, wherever in it, in full."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def trespasses(source: str, module: str, package: str) -> list[str]:
    """What ``module`` imports although its layer may not."""
    layer = layer_of(module)
    if layer is None:
        return []
    return [
        f"{module} imports {name}"
        for name in imports(source, package)
        if name.partition(".")[0] in OURS and name != "relay" and layer_of(name) not in {layer, *LAYERS[layer]}
    ]


def impurities(source: str, module: str) -> list[str]:
    """What a module of the domain reads besides its arguments."""
    foreign = [
        name
        for name in imports(source, module)
        if name.partition(".")[0] not in PURE | PURE_LIBRARIES and name.partition(".")[0] not in OURS
    ]
    called = [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _last_name(node.func) in IMPURE
    ]
    return [f"{module} uses {name}" for name in foreign + called]


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _modules(*folders: str) -> list[tuple[str, str, Path]]:
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return [(*_names(file.relative_to(ROOT)), file) for file in files]


def _names(file: Path) -> tuple[str, str]:
    """A file's module, and the package that its relative imports start from."""
    parts = file.with_suffix("").parts
    if parts[-1] == "__init__":
        return ".".join(parts[:-1]), ".".join(parts[:-1])
    return ".".join(parts), ".".join(parts[:-1])


def test_every_module_imports_only_what_its_layer_may() -> None:
    modules = _modules(*PRODUCT, "deploy/sandbox", "deploy/local")
    assert {layer_of(module) for module, _, _ in modules} >= {"relay.domain", "relay.clients", "relay.engine"}
    found = [
        trespass
        for module, package, file in modules
        for trespass in trespasses(file.read_text(encoding="utf-8"), module, package)
    ]
    assert found == []


def test_every_package_of_the_product_has_a_layer() -> None:
    homeless = [
        module
        for module, _, file in _modules(*PRODUCT)
        if layer_of(module) is None and file.read_text(encoding="utf-8").count("import ")
    ]
    assert homeless == []


def test_the_domain_is_pure() -> None:
    modules = _modules("relay/domain")
    assert modules
    assert [one for module, _, file in modules for one in impurities(file.read_text(encoding="utf-8"), module)] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("relay.domain.x", "from relay.engine import topics"),
        ("relay.domain.x", "import schemas"),
        ("relay.domain.x", "from relay import clients"),
        ("relay.clients.x", "from relay.engine.settings import Settings"),
        ("relay.engine.x", "def f():\n    from workers import mapper"),
        ("relay.engine.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import cli.main"),
        ("workers.x", "import producers.polling"),
        ("workers.x", "from operations import audit"),
        ("operations.x", "from cli import main"),
        ("operations.x", "from web import app"),
        ("web.x", "from cli import screen"),
        ("web.x", "from web.decisions.forms import Form"),
        ("web.pages.x", "from web.decisions import people"),
        ("schemas.x", "from relay.clients import http"),
        ("schemas.x", "from relay.domain import record_types"),
        ("cli.x", "from deploy import demo"),
        ("relay.engine.writer.x", "from ...clients import y\nfrom ....workers import y"),
        ("deploy.sandbox.cinx.x", "from relay.domain import identity"),
        ("deploy.local.x", "import deploy.sandbox.shell"),
    ],
)
def test_an_import_against_the_direction_is_found(module: str, source: str) -> None:
    assert len(trespasses(source, module, module.rpartition(".")[0])) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import random",
        "import structlog",
        "from pathlib import Path",
        "from datetime import datetime\nx = datetime.now()",
        "import uuid\nx = uuid.uuid4()",
        "open('x')",
    ],
)
def test_an_impure_domain_would_be_found(source: str) -> None:
    assert len(impurities(source, "relay.domain.x")) == 1


def test_what_counts_as_pure_is_of_the_standard_library() -> None:
    assert PURE - {"__future__"} <= set(sys.stdlib_module_names)
