from __future__ import annotations

import copy
import re

import jsonschema
import pytest

from deploy.kubernetes.forms import CUSTOM, OLDEST, newest, refused
from deploy.kubernetes.rendering import HERE, render
from tests.unit.deploy.kubernetes.custom_resources import SPECIFICATIONS
from tests.unit.deploy.kubernetes.manifests import NAMES, Resource, of_kind, overlay

RELEASES = (OLDEST, *newest())


def core(name: str) -> list[Resource]:
    return [one for one in overlay(name) if not one["apiVersion"].startswith(CUSTOM)]


def custom(name: str) -> list[Resource]:
    return [one for one in overlay(name) if one["apiVersion"].startswith(CUSTOM)]


def conforms(resource: Resource) -> None:
    """Raises ``ValidationError`` for a custom resource that its operator would refuse."""
    jsonschema.validate(resource["spec"], SPECIFICATIONS[resource["apiVersion"], resource["kind"]])


def test_the_base_renders_by_itself() -> None:
    assert len(render(HERE / "base")) > 20


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", NAMES)
def test_kubernetes_knows_every_field(name: str, release: str) -> None:
    resources = core(name)
    assert len(resources) > 20
    assert refused(resources, release) == []


def test_these_are_the_newest_three_releases_that_are_known_here_and_the_oldest_that_is_promised() -> None:
    minors = [int(release.partition(".")[2]) for release in newest()]
    assert len(minors) == 3
    assert minors == list(range(minors[0], minors[0] + 3))
    assert minors[-1] >= 37, "kubernetes-validate, pinned in requirements-dev.lock, has them"
    guide = (HERE.parents[1] / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert f"Kubernetes {OLDEST} or newer" in guide


def test_a_field_that_kubernetes_does_not_know_would_be_found() -> None:
    wrong = copy.deepcopy(of_kind("prod", "StatefulSet")[0])
    wrong["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["failureTreshold"] = 3
    (said,) = refused([wrong], RELEASES[0])
    assert "failureTreshold" in said


def test_the_operators_know_every_field() -> None:
    resources = custom("prod")
    assert {one["kind"] for one in resources} == {kind for _, kind in SPECIFICATIONS}
    for resource in resources:
        conforms(resource)


def test_a_field_that_an_operator_does_not_know_would_be_found() -> None:
    wrong = copy.deepcopy(of_kind("prod", "KafkaUser")[0])
    wrong["spec"]["authorization"]["acls"][0]["operation"] = "Read"
    with pytest.raises(jsonschema.ValidationError):
        conforms(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_has_a_name_of_its_own_that_kubernetes_takes(name: str) -> None:
    seen = [(one["kind"], one["metadata"]["name"]) for one in overlay(name)]
    assert len(set(seen)) == len(seen)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", one) and len(one) <= 253 for _, one in seen)


@pytest.mark.parametrize("name", NAMES)
def test_everything_lies_in_the_one_namespace_which_refuses_privileged_pods(name: str) -> None:
    (namespace,) = of_kind(name, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = {one["metadata"].get("namespace") for one in overlay(name) if one["kind"] != "Namespace"}
    assert others == {namespace["metadata"]["name"]}
