"""The areas of the skill warehouse that a caller names: in any case of letters, and of those that there are. Pure."""

import difflib
from collections.abc import Iterable

from octrad.foundation.errors import InvalidRequestError
from octrad.knowledge.skill_warehouse import SkillWarehouse


def require_areas(names: Iterable[str], warehouse: SkillWarehouse, field: str) -> tuple[str, ...]:
    """The areas as they are spelt in the warehouse, each once.

    Raises:
        InvalidRequestError: there is no such area; the hint has the nearest, and all.
    """
    return tuple(dict.fromkeys(_require_area(name, warehouse, field) for name in names))


def _require_area(name: str, warehouse: SkillWarehouse, field: str) -> str:
    area = warehouse.area(name)
    if area is not None:
        return area
    by_folded = {known.casefold(): known for known in warehouse.areas}
    near = difflib.get_close_matches(name.casefold()[:60], by_folded, 1)
    meant = f"did you mean {by_folded[near[0]]}? " if near else ""
    raise InvalidRequestError(
        f"there is no area of skills {name[:60]!r}",
        field=field,
        hint=f"{meant}the areas are {', '.join(warehouse.areas)}; see octractl skills list",
    )
