"""The calls that only read, by step: they fill the memory, or settle what is in doubt."""

from __future__ import annotations

from collections.abc import Callable

from workers.procore_writer import finding, gone, hidden, looking, mapping_again, reading_lists, surveying
from workers.procore_writer.calling import Calling, Results
from workers.procore_writer.steps import Step

Reader = Callable[[Calling], Results]

READERS: dict[str, Reader] = {
    Step.COST_CODES.value: reading_lists.cost_codes,
    Step.LINE_ITEM_TYPES.value: reading_lists.line_item_types,
    Step.UNITS.value: reading_lists.units,
    Step.REASONS.value: reading_lists.change_reasons,
    Step.SURVEY.value: surveying.survey,
    Step.OWNER.value: surveying.owner,
    Step.OWNERS.value: surveying.owners,
    Step.SEARCH.value: surveying.search,
    Step.TIERS.value: surveying.tiers,
    Step.FIND_PACKAGE.value: finding.find_package,
    Step.FIND_HIDDEN.value: hidden.find_hidden,
    Step.FIND_ABOVE.value: hidden.find_above,
    Step.LIST_LINES.value: looking.list_lines,
    Step.LOOK.value: looking.look,
    Step.MAP_AGAIN.value: mapping_again.map_again,
    Step.STILL_THERE.value: gone.still_there,
}
