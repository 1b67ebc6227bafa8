"""From an entry of a list to its rows: the cells of its columns, as an import reads them.

What nobody can import stands in columns of its own behind the others: how the entry stands.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from api.exports import projects
from api.imports.columns import COLUMNS, ListKind
from api.imports.occasions import of_recurring, of_windows, written
from api.imports.proposals import as_proposed
from api.imports.shapes import Lookup
from api.imports.words import BETWEEN, ZH
from api.readmodel.lifeviews import LifeView
from api.readmodel.views import DemandView, MemberView, ResourceView, UnitView
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.recurrence import Recurrence

Listed = DemandView | ResourceView | UnitView | MemberView | LifeView[Any]

STATES = {
    "open": "待匹配",
    "partly_matched": "部分匹配",
    "matched": "已匹配",
    "fulfilled": "已完成",
    "lapsed": "已过期",
    "withdrawn": "已撤回",
    "published": "已发布",
    "suspended": "已暂停",
}
_STANDING: dict[ListKind, tuple[str, ...]] = {
    "demands": ("状态", "已匹配名额", "已完成名额", "发布时间"),
    "resources": ("状态", "进行中", "已完成", "发布时间"),
    "units": ("报到时间",),
    "members": ("报到时间",),
    "projects": projects.STANDING,
}


class Rows:
    """Writes the rows of one list. The rows of one demand bear a name of their own, counted from 1."""

    def __init__(self, kind: ListKind, catalogue: Catalogue) -> None:
        self._columns = COLUMNS[kind]
        self._catalogue = catalogue
        self._lookup = Lookup(catalogue)
        self._named = 0
        self.headers = (*(column.zh for column in self._columns), *_STANDING[kind])

    def of_all(self, found: Iterable[Listed]) -> list[Sequence[str]]:
        """Return the rows of some entries: several for a demand of several lines."""
        return [row for listed in found for row in self._of(listed)]

    def _of(self, listed: Listed) -> Iterator[Sequence[str]]:
        match listed:
            case DemandView():
                yield from self._demand(listed)
            case ResourceView():
                standing = (STATES[listed.state], str(listed.live), str(listed.fulfilled))
                yield self._row(self._resource(listed), *standing, written(listed.resource.offered_at))
            case UnitView():
                yield self._row(_told(listed.unit), written(listed.unit.enrolled_at))
            case MemberView():
                cells = _told(listed.enrolment) | {"skills": self._items(listed.enrolment.skills)}
                yield self._row(cells, written(listed.enrolment.enrolled_at))
            case LifeView():
                cells = _told(as_proposed(listed.life)) | projects.plan_of(listed.life)
                yield self._row(cells, *projects.standing_of(listed))

    def _demand(self, view: DemandView) -> Iterator[Sequence[str]]:
        demand = view.demand
        shared = _told(demand) | _window(demand.window) | {"id": demand.demand_id, "bundle": ""}
        if demand.bundle or len(demand.lines) > 1:
            self._named += 1
            shared["bundle" if demand.bundle else "joined"] = f"组{self._named}"
        standing = (STATES[view.state], str(view.filled), str(view.fulfilled), written(demand.posted_at))
        for line in demand.lines:
            yield self._row(shared | _told(line) | {"item": self._item(line.item)}, *standing)

    def _resource(self, view: ResourceView) -> dict[str, str]:
        resource = view.resource
        first, more = resource.windows[:1], resource.windows[1:]
        cells = _told(resource) | {"id": resource.resource_id, "item": self._item(resource.item)}
        return cells | {"windows": of_windows(more)} | (_window(first[0]) if first else {})

    def _row(self, cells: dict[str, str], *standing: str) -> Sequence[str]:
        return (*(cells.get(column.name, "") for column in self._columns), *standing)

    def _items(self, items: Iterable[str]) -> str:
        names = ((item_id, self._item(item_id)) for item_id in items)
        return "、".join(item_id if BETWEEN.search(name) else name for item_id, name in names)

    def _item(self, item_id: str) -> str:
        """Return the item's name, or its id where the name is shared or no longer known."""
        known = self._catalogue.items.get(item_id)
        return known.zh if known is not None and self._lookup.means(known.zh) == item_id else item_id


def _told(fact: Fact) -> dict[str, str]:
    """Return a fact's fields as cells; lines and windows stand in columns of their own."""
    return {name: _cell(value) for name, value in fact if name not in ("lines", "window", "windows")}


def _window(window: Any) -> dict[str, str]:
    return {"start": written(window.start), "end": written(window.end)}


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "是" if value else "否"
        case StrEnum():
            return ZH[value]
        case datetime():
            return written(value)
        case (Recurrence(), *_):
            return of_recurring(value)
        case tuple():
            return "、".join(map(_cell, value))
        case _:
            return "" if value is None else str(value)
