from __future__ import annotations

import re

import pytest

from deploy.kubernetes.rendering import HERE
from tests.unit.deploy.kubernetes.manifests import ALL, STAGES, configuration

GUIDE = (HERE.parents[1] / "docs" / "deployment.md").read_text(encoding="utf-8")


def test_the_guide_names_every_workload_and_component() -> None:
    names = {one.name for one in ALL} | {folder.name for folder in (HERE / "components").iterdir()}
    assert [name for name in sorted(names) if f"`{name}`" not in GUIDE] == []


def test_the_guide_makes_every_secret_and_every_file_that_the_example_names() -> None:
    users = {f"change-order-relay-{one.name}" for one in ALL}  # which Strimzi makes
    secrets = {one["secret"]["secretName"] for each in ALL for one in each.pod["volumes"] if "secret" in one} - users
    assert set(re.findall(r"create secret generic (\S+)", GUIDE)) == secrets
    named = set(re.findall(r"/run/secrets/change-order-relay/(\S+)", configuration("prod")))
    made = {
        f"{secret}/{file}"
        for secret, files in re.findall(r"create secret generic (\S+)(.*)", GUIDE)
        for file in re.findall(r"--from-file=(\S+)", files)
    }
    assert made == named | {"kafka-ca/ca.crt", "tables/password"}


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("terminationGracePeriodSeconds", "{terminationGracePeriodSeconds} s"),
        ("startup probe", "{startup:.0f} min"),
        ("liveness probe", "{failures} × {period} s"),
    ],
)
def test_the_guide_states_the_budgets_that_are_deployed(row: str, value: str) -> None:
    (line,) = [line for line in GUIDE.splitlines() if line.startswith("|") and row in line.split("|")[1]]
    startup, liveness = STAGES[0].cor["startupProbe"], STAGES[0].cor["livenessProbe"]
    words = value.format(
        **STAGES[0].pod,
        startup=startup["periodSeconds"] * startup["failureThreshold"] / 60,
        failures=liveness["failureThreshold"],
        period=liveness["periodSeconds"],
    )
    assert words in line
