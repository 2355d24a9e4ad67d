"""One word, one meaning: within a layer no two public classes have the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.unit.test_layers import LAYERS, layer_of

ROOT = Path(__file__).parents[2]

# Packages that do the same for another remote system: what has a counterpart there is called alike on purpose.
PARALLEL = (
    ("workers.cinx_submitter", "workers.procore_writer"),
    ("producers.cinx", "producers.constructiononline", "producers.procore"),
    ("relay.clients.cinx", "relay.clients.procore"),
)

# What is called alike in parallel packages. A name that no longer is has to leave this list.
CALLED_ALIKE = {
    "CachedFacts",
    "CallContext",
    "Client",
    "MaxAges",
    "PlanContext",
    "RemoteCache",
    "Session",
    "Step",
}


def public_classes(source: str) -> list[str]:
    """The classes of a module that others may use."""
    body = ast.parse(source).body
    return [node.name for node in body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


def homonyms(modules: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Of modules (name, source) of one layer: each class name that several have, with those modules."""
    where: dict[str, list[str]] = defaultdict(list)
    for module, source in modules:
        for name in public_classes(source):
            where[name].append(module)
    return {name: found for name, found in where.items() if len(found) > 1}


def are_parallel(modules: list[str]) -> bool:
    """Whether each of ``modules`` lies in another of some parallel packages."""
    for packages in PARALLEL:
        homes = [package for module in modules for package in packages if module.startswith(f"{package}.")]
        if len(homes) == len(set(homes)) == len(modules):
            return True
    return False


def _homonyms_of_the_product() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for layer in LAYERS:
        if layer.startswith("deploy"):  # Three simulators that share nothing but a shell.
            continue
        modules = []
        for file in sorted((ROOT / layer.replace(".", "/")).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            if layer_of(module) == layer:
                modules.append((module, file.read_text(encoding="utf-8")))
        found |= homonyms(modules)
    return found


def test_no_two_public_classes_of_a_layer_have_one_name() -> None:
    found = _homonyms_of_the_product()
    assert {
        name: modules for name, modules in found.items() if not (name in CALLED_ALIKE and are_parallel(modules))
    } == {}


def test_nothing_is_excused_that_needs_no_excuse() -> None:
    assert CALLED_ALIKE - _homonyms_of_the_product().keys() == set()


def test_a_second_class_of_one_name_is_found() -> None:
    modules = [("a.x", "class One: pass\nclass _Two: pass"), ("a.y", "class One: pass\nclass _Two: pass")]
    assert homonyms(modules) == {"One": ["a.x", "a.y"]}


def test_only_different_packages_are_parallel() -> None:
    assert are_parallel(["workers.cinx_submitter.steps", "workers.procore_writer.plan.steps"])
    assert not are_parallel(["workers.cinx_submitter.steps", "workers.cinx_submitter.plan.steps"])
    assert not are_parallel(["workers.accounts", "workers.procore_writer.plan.steps"])
