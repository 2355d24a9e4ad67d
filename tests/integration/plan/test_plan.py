"""``cor plan``: what would be carried, and nothing written."""

from __future__ import annotations

from tests.integration.plan.conftest import TOWER, Site, order


def test_first(site: Site) -> None:
    site.configure(TOWER)
    site.observe(*(order(str(number)) for number in range(1, 6)))
    ended = site.cor("plan")
    print(ended.out, ended.err)
    assert ended.code == 0
    assert site.only_read()
    raise AssertionError(ended.out + ended.err)
