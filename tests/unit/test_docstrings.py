"""References in docstrings lead somewhere: a name that was changed has to be changed there, too."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.unit.test_layers import PRODUCT

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r":(?:mod|class|func|meth|data|attr|exc):`~?([\w.]+)`")


def references(source: str) -> Iterator[str]:
    """What docstrings, and strings below attributes, refer to."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from REFERENCE.findall(node.value.value)


def leads_somewhere(reference: str, module: ModuleType) -> bool:
    """Whether a name is one of ``module``, of a class in it, or the full name of a module's member."""
    if reference.startswith("."):
        package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
        return leads_somewhere(f"{package}{reference}", module)
    first, *rest = reference.split(".")
    if hasattr(module, first):
        return _has(getattr(module, first), rest)
    if not rest and any(hasattr(kind, first) for kind in vars(module).values() if isinstance(kind, type)):
        return True
    parts = reference.split(".")
    for size in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:size]))
        except ModuleNotFoundError:
            continue
        return _has(found, parts[size:])
    return False


def _has(value: object, names: list[str]) -> bool:
    for name in names:
        fields = getattr(value, "__annotations__", {})
        if not hasattr(value, name):
            return name in fields
        value = getattr(value, name)
    return True


def test_every_reference_of_a_docstring_leads_somewhere() -> None:
    lost = []
    for folder in PRODUCT:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name == "__main__.py":
                continue
            parts = file.relative_to(ROOT).with_suffix("").parts
            module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
            named = set(references(file.read_text(encoding="utf-8")))
            lost += [f"{file.relative_to(ROOT)}: {name}" for name in sorted(named) if not leads_somewhere(name, module)]
    assert lost == []


def test_a_reference_to_nothing_is_found() -> None:
    module = importlib.import_module("relay.domain.ledger")
    assert list(references('"""See :class:`Hold` and :func:`~relay.domain.ledger.gone`."""')) == [
        "Hold",
        "relay.domain.ledger.gone",
    ]
    assert leads_somewhere("Hold.until", module)
    assert leads_somewhere("relay.domain.identity.origin_id", module)
    assert not leads_somewhere("relay.domain.ledger.gone", module)
    assert not leads_somewhere("Gone", module)
