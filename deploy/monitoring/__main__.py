"""``python -m deploy.monitoring``: writes the rules and the dashboards."""

from __future__ import annotations

from deploy.monitoring import dashboards, rules


def main() -> None:
    """Writes ``rules.yaml`` and ``dashboards/*.json``."""
    rules.FILE.write_text(rules.document(), encoding="utf-8")
    print(f"wrote {rules.FILE}")
    dashboards.FOLDER.mkdir(exist_ok=True)
    for name in dashboards.DASHBOARDS:
        file = dashboards.FOLDER / f"{name}.json"
        file.write_text(dashboards.document(name), encoding="utf-8")
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
