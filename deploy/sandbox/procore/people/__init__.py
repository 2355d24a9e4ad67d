"""What people do in Procore's own pages, and what a test arranges, as operations on the company.

Each takes the office (company, tokens, limits) and the JSON object of ``POST /_sandbox/people/{operation}``. A
change order is named by ``id``, by ``origin_id``, or by ``contract`` and ``number``, with its ``kind``: ``pco``
(the default), ``request`` or ``package``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deploy.sandbox.procore.people import access, change_orders, line_items, samples, setup
from deploy.sandbox.procore.people.office import Operation

OPERATIONS: Final[Mapping[str, Operation]] = {
    **access.OPERATIONS,
    **change_orders.OPERATIONS,
    **line_items.OPERATIONS,
    **setup.OPERATIONS,
    **samples.OPERATIONS,
}
