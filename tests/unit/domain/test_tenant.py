from __future__ import annotations

import pytest

from relay.domain.tenant import Tenant


@pytest.mark.parametrize("tenant", [Tenant("procore", "acme"), Tenant("cinx", "north:east")])
def test_a_tenant_is_read_as_it_is_written(tenant: Tenant) -> None:
    assert Tenant.parse(str(tenant)) == tenant
