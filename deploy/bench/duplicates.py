"""``cobuild bench duplicates``: of wishes written down twice, how many are found, and which are wrongly suspected.

The wishes (``duplicates.tsv``) were written before anything looked for them; told here is their part ``test``. Then the
same question at the size of a district: 20,000 open demands in the lists.
"""

import csv
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import median

from api.readmodel.model import ReadModel
from api.readmodel.queries.alike import open_beside
from api.words.duplicates import Duplicate, Saying, duplicates, said
from deploy.bench.district import district_events
from deploy.bench.report import Figure, Goal, Report, percentile
from schemas.base import Window
from schemas.catalogue import load_catalogue
from schemas.demands import Beneficiary, Demand, DemandLine, DemandPosted
from schemas.regions import Regions
from schemas.topics import DEMANDS

QUESTION = "Of each wish: which others say the same?"
WISHES = Path(__file__).with_name("duplicates.tsv")
STREET, MONDAY = "310105001", datetime(2026, 11, 23, tzinfo=UTC)
SHARD = "310105"
GOAL_PRECISION, GOAL_RECALL, GOAL_MS = 80.0, 80.0, 100.0

Finds = Callable[[Saying, Sequence[Saying]], Sequence[Duplicate]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish, and the group of those that say the same; empty where it stands alone."""

    says: Saying
    group: str


@dataclass(frozen=True, slots=True)
class Count:
    """Ordered pairs of wishes: told to be the same, being the same, both."""

    told: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        return 100 * self.both / max(1, self.told)

    @property
    def recall(self) -> float:
        return 100 * self.both / max(1, self.true)


def wishes(part: str) -> list[Wish]:
    """Return the wishes of a part: ``tune`` or ``test``."""
    with WISHES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["part"] == part]
    return [Wish(said(_demand(row, number)), row["group"]) for number, row in enumerate(rows)]


def count(asked: Sequence[Wish], finds: Finds) -> Count:
    """Ask of every wish which others say the same, and count."""
    among = [wish.says for wish in asked]
    told = {(wish.says.id, each.other.id) for wish in asked for each in finds(wish.says, among)}
    true = {
        (one.says.id, other.says.id)
        for one, other in product(asked, repeat=2)
        if one is not other and one.group and one.group == other.group
    }
    return Count(len(told), len(true), len(told & true))


def ours(saying: Saying, among: Sequence[Saying]) -> Sequence[Duplicate]:
    return duplicates(saying, among, most=10)


def same_words(saying: Saying, among: Sequence[Saying]) -> Sequence[Duplicate]:
    """Return the peer that only looks whether a wish has the same title."""
    return [Duplicate(each, 1, ()) for each in among if each is not saying and each.title == saying.title]


def same_item_and_time(saying: Saying, among: Sequence[Saying]) -> Sequence[Duplicate]:
    """Return the peer that looks for the same item at the same time in the same community."""
    return [
        Duplicate(each, 1, ())
        for each in among
        if each is not saying
        and each.community == saying.community
        and each.items & saying.items
        and each.window
        and saying.window
        and each.window.start < saying.window.end
        and saying.window.start < each.window.end
    ]


def run(*, entries: int = 20_000, questions: int = 200) -> Report:
    """Measure and return the report; ``entries`` is how many demands are open in the district."""
    asked = wishes("test")
    finders: dict[str, Finds] = {"ours": ours, "same item and time": same_item_and_time, "same title": same_words}
    counts = {name: count(asked, finds) for name, finds in finders.items()}
    taken, candidates = _at_size(entries, questions)
    found, p99 = counts["ours"], percentile(taken, 0.99)
    return Report(
        "duplicates",
        QUESTION,
        (
            *(figure for name, each in counts.items() for figure in _figures(name, each, len(asked))),
            Figure(
                f"a question among {entries:,} open demands, p50",
                median(taken),
                "ms",
                note=f"{candidates:.0f} compared",
            ),
            Figure(f"a question among {entries:,} open demands, p99", p99, "ms"),
        ),
        (
            Goal(
                f"{GOAL_PRECISION:.0f} % of what is told is so: {found.precision:.1f} %",
                found.precision >= GOAL_PRECISION,
            ),
            Goal(f"{GOAL_RECALL:.0f} % of what is so is told: {found.recall:.1f} %", found.recall >= GOAL_RECALL),
            Goal(f"a question under {GOAL_MS:.0f} ms", p99 < GOAL_MS),
        ),
    )


def _figures(name: str, each: Count, asked: int) -> tuple[Figure, ...]:
    note = f"{each.told} told, {each.true} so, {each.both} both; {asked} wishes"
    return (
        Figure(f"{name}: of what is told, so", each.precision, "%", note=note),
        Figure(f"{name}: of what is so, told", each.recall, "%"),
    )


def _at_size(entries: int, questions: int) -> tuple[list[float], float]:
    """Return the milliseconds of a question in the lists of a full district, and how many demands are compared."""
    catalogue, regions = load_catalogue(), Regions.builtin("cn")
    events = district_events(
        shard=SHARD, catalogue=catalogue, communities=[code for code, _ in regions.communities(SHARD)],
        seed=3, members=0, seats=3 * entries, prefix="open-",
    )  # fmt: skip
    posted = [event for event in events if isinstance(event.data, DemandPosted)][:entries]
    asked = [said(event.data.demand) for event in posted if isinstance(event.data, DemandPosted)]
    asked = asked[:: max(1, entries // questions)]
    taken, compared = list[float](), 0
    with tempfile.TemporaryDirectory() as directory:
        model = ReadModel(f"sqlite:///{directory}/readmodel.sqlite3", catalogue=catalogue)
        for start in range(0, len(posted), 1_000):
            batch = [((DEMANDS.name, 0, start + n), event) for n, event in enumerate(posted[start : start + 1_000])]
            model.apply(batch, {(DEMANDS.name, 0): start + len(batch)})
        duplicates(asked[0], asked[-1:], most=1)  # the imports
        for saying in asked:
            began = time.process_time()
            with model.read() as connection:
                near = open_beside(connection, community=saying.community, items=saying.items)
            duplicates(saying, [said(each) for each in near], most=5)
            taken.append((time.process_time() - began) * 1e3)
            compared += len(near)
        model.close()
    return taken, compared / len(taken)


def _demand(row: dict[str, str], number: int) -> Demand:
    day = MONDAY + timedelta(days=int(row["day"]))
    community = f"{STREET}{int(row['community']):03}"
    return Demand(
        demand_id=f"{row['part']}-{number}",
        requester=f"community:{community}",
        title=row["title"],
        detail=row["detail"],
        lines=(DemandLine(item=row["item"]),),
        community=community,
        window=Window(start=day + timedelta(hours=int(row["from"])), end=day + timedelta(hours=int(row["until"]))),
        beneficiary=Beneficiary(row["beneficiary"]),
        posted_at=MONDAY,
    )
