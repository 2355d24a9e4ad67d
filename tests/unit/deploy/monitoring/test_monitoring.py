"""Rules and dashboards speak of what there is, and are those that the code writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from ruamel.yaml import YAML

from deploy.kubernetes.alerts import groups
from deploy.monitoring import account, dashboards, overview, rules
from deploy.monitoring.panels import laid_out
from relay.engine.telemetry.metrics import Metrics

ROOT = Path(__file__).parents[4]
DECLARED = {declared.name.value: declared for declared in Metrics().declared}
OF_PROMETHEUS = {"up"}
"""A metric that Prometheus makes itself; its labels, and `pod`, come with the target."""

FROM_THE_TARGET = {"pod", "container", "endpoint"}
LABELS = {label for declared in DECLARED.values() for label in declared.labels}


def series(name: str) -> str:
    """What a metric is declared as: a histogram shows as buckets, a sum and a count."""
    bare = re.sub(r"_(bucket|sum|count)$", "", name)
    return bare if DECLARED.get(bare) and DECLARED[bare].kind == "histogram" else name


def wrong(expression: str) -> list[str]:
    """What an expression says of metrics and labels that are not there. Raises ``ValueError`` for what is no PromQL."""
    found: list[str] = []

    def look(node: object) -> None:
        if not isinstance(node, promql_parser.VectorSelector):
            return
        name = series(str(node.name))
        if name not in DECLARED:
            found.extend([] if name in OF_PROMETHEUS else [f"no metric {name}"])
            return
        own = {*DECLARED[name].labels, *(["le"] if DECLARED[name].kind == "histogram" else [])}
        used = {matcher.name for matcher in node.matchers.matchers}
        found.extend(f"{name} has no label {label}" for label in sorted(used - own))

    promql_parser.walk(promql_parser.parse(expression.replace("$__rate_interval", "5m")), look)
    return found + [f"no label {label}" for label in sorted(grouped(expression) - kept(expression))]


def grouped(expression: str) -> set[str]:
    """The labels that an expression keeps."""
    return {label.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(",")}


def kept(expression: str) -> set[str]:
    """The labels that its metrics have."""
    names = {series(name) for name in re.findall(r"\bcor_\w+", expression)} & set(DECLARED)
    own = {label for name in names for label in DECLARED[name].labels}
    return own | FROM_THE_TARGET | ({"le"} if any(DECLARED[name].kind == "histogram" for name in names) else set())


def dashboard(name: str) -> dict[str, Any]:
    """The file, as Grafana reads it."""
    loaded: dict[str, Any] = json.loads((dashboards.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel of every dashboard, with its name for a test."""
    for name in dashboards.DASHBOARDS:
        for panel in dashboard(name)["panels"]:
            yield f"{name}: {panel['title']}", panel


PANELS = dict(panels())
every_panel = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)


def test_the_rules_are_those_of_the_operator() -> None:
    text = rules.FILE.read_text(encoding="utf-8")
    assert YAML(typ="safe", pure=True).load(text) == groups(), "make manifests writes them"
    assert text == rules.document()


@pytest.mark.parametrize("rule", [rule for group in groups()["groups"] for rule in group["rules"]])
def test_a_rule_speaks_of_what_there_is(rule: dict[str, Any]) -> None:
    assert wrong(rule["expr"]) == []


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_a_dashboard_is_what_the_code_writes(name: str) -> None:
    assert (dashboards.FOLDER / f"{name}.json").read_text(encoding="utf-8") == dashboards.document(name)


def test_there_is_no_dashboard_besides() -> None:
    assert {file.stem for file in dashboards.FOLDER.iterdir()} == set(dashboards.DASHBOARDS)


@every_panel
def test_a_panel_speaks_of_what_there_is(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        assert wrong(target["expr"]) == []
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert shown <= grouped(target["expr"]), "a label that the expression drops shows as nothing"


def test_a_panel_shows_all_that_it_asks() -> None:
    panels = (*overview.PANELS, *account.PANELS)
    drawn = (*laid_out(overview.PANELS), *laid_out(account.PANELS))
    shown = [len(panel["targets"]) for panel in drawn]
    assert shown == [len(panel.queries) for panel in panels]
    assert max(shown) > 4


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_what_a_dashboard_asks_for_is_a_variable_of_it(name: str) -> None:
    text = json.dumps(dashboard(name)).replace("$__rate_interval", "")
    variables = {variable["name"] for variable in dashboard(name)["templating"]["list"]}
    assert set(re.findall(r"\$\{?(\w+)", text)) == variables


def test_the_values_of_variables_are_those_of_labels_that_there_are() -> None:
    queries = [
        variable["query"]["query"] for variable in dashboard("account")["templating"]["list"] if "refresh" in variable
    ]
    asked = [re.fullmatch(r"label_values\((.+), (\w+)\)", query) for query in queries]
    assert len(asked) == 2
    for match in asked:
        assert match is not None
        assert wrong(match[1]) == []
        assert match[2] in kept(match[1]) - FROM_THE_TARGET


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_panels_lie_beside_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard(name)["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + column, at["y"] + row) for column in range(at["w"]) for row in range(at["h"])}
        assert max(column for column, _ in cells) < 24
        assert not cells & taken
        taken |= cells


def headings(page: str) -> set[str]:
    """The headings as a link names them."""
    lines = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def links(text: str) -> list[tuple[str, str]]:
    """The pages and headings that a text names."""
    return re.findall(r"(docs/[\w-]+\.md)#([\w-]+)", text)


@every_panel
def test_a_panel_leads_to_a_heading_of_the_runbook(panel: dict[str, Any]) -> None:
    found = links(panel["description"])
    assert [page for page, _ in found] == ["docs/operating.md"]
    assert [heading for page, heading in found if heading not in headings(page)] == []


def test_every_link_of_the_rules_leads_to_a_heading() -> None:
    text = rules.FILE.read_text(encoding="utf-8")
    assert [heading for page, heading in links(text) if heading not in headings(page)] == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("sum by (stage) (rate(cor_transaction_total[5m]))", "no metric cor_transaction_total"),
        ('cor_letters_open{tenant="a"}', "cor_letters_open has no label tenant"),
        ("max by (tenant) (cor_letters_open)", "no label tenant"),
    ],
)
def test_what_is_not_there_would_be_found(expression: str, said: str) -> None:
    assert said in wrong(expression)


def test_a_heading_that_is_not_there_would_be_found() -> None:
    assert links("Runbook: docs/operating.md#nowhere") == [("docs/operating.md", "nowhere")]
    assert "nowhere" not in headings("docs/operating.md")
