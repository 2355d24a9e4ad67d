"""The documentation's sample POCO, seeded by an operation.

Source: CINX API docs of 2019, "PO Change Orders" (list and detail). The two answers disagree about
the same document (vendor number, terms), and the detail counts two items but prints one; both
come back as printed.
"""

from __future__ import annotations

import json
from decimal import Decimal
from importlib import resources
from typing import Any

from .company import Company, Poco

Row = dict[str, Any]

LIST_SPELLING = {"submitted_by": "submitter", "links": "external_references"}
"""The sample row's names of August 2019, and those since September 2019."""


def read(name: str) -> Row:
    """The one row of a sample answer, with the digits of its numbers."""
    text = resources.files(__package__).joinpath("seed", name).read_text(encoding="utf-8")
    row: Row = json.loads(text, parse_float=Decimal)["rows"][0]
    return row


def load_sample(company: Company) -> Poco:
    """The sample POCO of PO-123, made by a person and submitted."""
    row = {LIST_SPELLING.get(name, name): value for name, value in read("poco_list.json").items()}
    poco = Poco(read("poco.json"), "person", list_row=row)
    company.suffixes[poco.po_guid] = max(1, company.suffixes.get(poco.po_guid, 0))
    return company.store(poco)
