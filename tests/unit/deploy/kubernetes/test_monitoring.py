from __future__ import annotations

import re

import promql_parser
import pytest
from ruamel.yaml import YAML

from deploy.kubernetes.alerts import MONITORING, groups
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import GROUPS
from tests.unit.deploy.kubernetes.manifests import STAGES, Resource, named, of_kind
from tests.unit.deploy.kubernetes.test_pods import chosen

PROMETHEUS_OWN = {"up"}
DECLARED = {one.name.value: one for one in Metrics().declared}
RULES: list[Resource] = [rule for group in groups()["groups"] for rule in group["rules"]]
ALERTS = [str(rule["alert"]) for rule in RULES]

every_alert = pytest.mark.parametrize("rule", RULES, ids=ALERTS)


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    """Every selector of series in an expression. Raises ``ValueError`` for one that is no PromQL."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def test_what_is_deployed_is_what_is_tested() -> None:
    (rules,) = of_kind("prod", "PrometheusRule")
    assert rules["spec"] == groups()


@every_alert
def test_an_alert_speaks_of_metrics_and_labels_that_there_are(rule: Resource) -> None:
    used = selectors(rule["expr"])
    assert used
    for one in used:
        if one.name in PROMETHEUS_OWN:
            continue
        assert one.name in DECLARED, f"{one.name} is no metric of the relay"
        labels = {matcher.name for matcher in one.matchers.matchers}
        assert labels <= {*DECLARED[one.name].labels}
    grouped = re.findall(r"by \(([^)]*)\)", rule["expr"])
    known = {label for one in used if one.name in DECLARED for label in DECLARED[one.name].labels} | {"pod"}
    assert {label.strip() for one in grouped for label in one.split(",")} <= known


@every_alert
def test_an_alert_says_what_happened_and_what_to_do(rule: Resource) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description"}
    by = {label.strip() for one in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in one.split(",")}
    own = set() if by else {"pod"}
    named_labels = {label for text in rule["annotations"].values() for label in re.findall(r"\$labels\.(\w+)", text)}
    assert named_labels <= by | own, "a label that the expression drops shows as nothing"


def test_a_metric_that_is_none_would_be_found() -> None:
    (selector,) = selectors("sum by (stage) (increase(cor_transaction_total[15m])) > 1")
    assert selector.name not in DECLARED


def test_what_cannot_be_parsed_would_be_found() -> None:
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        selectors("sum by (stage (cor_in_doubt_change_orders) > 0")


def test_every_alert_has_a_name_of_its_own_and_a_test() -> None:
    assert len(set(ALERTS)) == len(ALERTS)
    tests = (MONITORING / "rules-test.yaml").read_text()
    assert [one for one in ALERTS if one not in tests] == []
    assert YAML(typ="safe").load(tests)["rule_files"] == ["rules.yaml"]


def test_the_stages_that_must_own_partitions_are_stages() -> None:
    (rule,) = [one for one in RULES if one["alert"] == "ChangeOrderRelayStageUnassigned"]
    (selector,) = selectors(rule["expr"])
    (matcher,) = selector.matchers.matchers
    meant = {stage for stage in GROUPS if re.fullmatch(matcher.value, stage)}
    assert meant == set(GROUPS) - {"procore-writer", "cinx-submitter"}


def test_metrics_are_collected_from_every_stage() -> None:
    (monitor,) = of_kind("prod", "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    for workload in STAGES:
        if workload.overlay == "prod":
            assert chosen(monitor["spec"]["selector"], workload.labels)
            assert endpoint["port"] in named([{"metadata": one} for one in workload.cor["ports"]])
    assert endpoint["path"] == "/metrics"
