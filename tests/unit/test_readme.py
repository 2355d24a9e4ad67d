"""The README's configuration is one that a process would start with."""

from __future__ import annotations

import re
from pathlib import Path

from relay.domain.routes import RouteMode
from relay.engine.configuration import load_configuration

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    for name in re.findall(r"/run/secrets/([a-z-]+)", block):
        (tmp_path / name).write_text("secret", encoding="utf-8")
    file = tmp_path / "cor.yaml"
    file.write_text(block.replace("/run/secrets", str(tmp_path)), encoding="utf-8")
    configuration = load_configuration(file)
    assert [route.mode for route in configuration.routing.routes] == [RouteMode.DRY_RUN]
    assert set(configuration.accounts()) == {"constructiononline:acme", "procore:acme", "cinx:acme"}


def test_every_page_that_it_links_exists() -> None:
    root = Path(__file__).parents[2]
    pages = ["README.md", *(f"docs/{file.name}" for file in (root / "docs").glob("*.md"))]
    for page in pages:
        text = (root / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            assert (root / page).parent.joinpath(target).exists(), f"{page} links {target}"
