"""The two dashboards: all of an installation by symptoms, and one account."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.monitoring import account, overview
from deploy.monitoring.panels import SOURCE, Json, Panel, laid_out

FOLDER = Path(__file__).parent / "dashboards"


def _variable(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
    }


# Every account is polled, also one that is only written to, and each poll counts, also one that failed.
_ACCOUNTS = "cor_polls_total"

_VARIABLES = (
    _variable("system", "System", f"label_values({_ACCOUNTS}, system)"),
    _variable("account", "Account", f'label_values({_ACCOUNTS}{{system="$system"}}, account)'),
)


def _dashboard(uid: str, title: str, panels: tuple[Panel, ...], variables: tuple[Json, ...] = ()) -> Json:
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": uid,
        "title": title,
        "tags": ["change-order-relay"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [source, *variables]},
        "panels": laid_out(panels),
    }


DASHBOARDS: dict[str, Json] = {
    "overview": _dashboard("cor-overview", "Change orders: overview", overview.PANELS),
    "account": _dashboard("cor-account", "Change orders: one account", account.PANELS, _VARIABLES),
}
"""By the name of the file below ``dashboards``."""


def document(name: str) -> str:
    """The file's text."""
    return json.dumps(DASHBOARDS[name], indent=2, ensure_ascii=False) + "\n"
