"""What a roll-up 逐级汇总 returns: a region and those one level below it, from the country to the smallest grid."""

from datetime import datetime

from api.readmodel.views import View


class KindCount(View):
    """Lives of one kind that are under way; None where they are of fewer than five people."""

    kind: str
    open: int | None
    overdue: int | None


class RegionSums(View):
    """The numbers of one region; ``members`` is None where they are fewer than five, or would give such a cell away."""

    open_demands: int
    open_seats: int
    asked: int
    filled: int
    fulfilled: int
    resources: int
    units: int
    members: int | None
    lives: tuple[KindCount, ...]


class RegionRow(View):
    """One region or grid, by its name where it has one."""

    region: str
    name: str
    level: str
    sums: RegionSums


class StageRow(View):
    """One state of a kind: how many stand there, how many left it and after how long on average."""

    kind: str
    state: str
    here: int | None
    left: int | None
    mean_stay_s: int | None


class Rollup(View):
    """A region, what lies one level below it, and where its lives stand."""

    at: datetime
    own: RegionRow
    children: tuple[RegionRow, ...]
    stages: tuple[StageRow, ...]


class OverdueRow(View):
    """What is overdue in one region one level down, by kind. The last of them due came due at ``oldest``."""

    region: str
    name: str
    kind: str
    overdue: int | None
    oldest: datetime | None


class Overdue(View):
    """Counts of what is overdue: of the region itself, then of those one level down."""

    at: datetime
    own: tuple[OverdueRow, ...]
    children: tuple[OverdueRow, ...]
