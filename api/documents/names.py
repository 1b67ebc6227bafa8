"""What a document calls those and that which its record names by reference: parties, entries, days, sums of money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from api.language import Language
from api.places import place
from api.readmodel.tables import demands, resources, units
from schemas.lifecycle import State
from schemas.regions import Regions, prefix_of

_CHINA: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Names:
    """Names as the lists have them; who or what is on no list is called by its reference."""

    language: Language
    regions: Regions
    units: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)

    def said(self, zh: str, en: str) -> str:
        """Return a text in the document's language."""
        return zh if self.language == "zh" else en

    def party(self, reference: str) -> str:
        """Return a unit by its name, a community or an office by its region, a member by pseudonym alone."""
        sort, _, rest = reference.partition(":")
        if sort == "community":
            return place(self.regions, rest)
        if sort == "office":
            return self.regions.name(prefix_of(rest))
        return self.units.get(reference, reference)

    def parties(self, references: Iterable[str]) -> str:
        """Return several parties in one text."""
        return self.said("、", ", ").join(self.party(each) for each in references)

    def entry(self, name: str) -> str:
        """Return an entry by its title and id."""
        title = self.entries.get(name)
        return name if title is None else f"{title} ({name})"

    def day(self, moment: datetime | None) -> str:
        """Return a day by the calendar of China, a dash for none."""
        return "—" if moment is None else f"{moment.astimezone(_CHINA):%Y-%m-%d}"

    def money(self, hundredths: int) -> str:
        """Return a sum that is kept in hundredths."""
        return f"{hundredths // 100:,}.{hundredths % 100:02}"

    def state(self, states: Mapping[str, State], name: str) -> str:
        """Return what a state is called."""
        return self.said(states[name].zh, states[name].en)


def names_for(
    connection: Connection, *, parties: Iterable[str], entries: Iterable[str], regions: Regions, language: Language
) -> Names:
    """Look up what parties and entries are called now."""
    told = select(units.c.party, units.c.name).where(units.c.party.in_(sorted({*parties})))
    wanted = sorted({*entries})
    titles: dict[str, str] = {}
    for table, key in ((resources, resources.c.resource_id), (demands, demands.c.demand_id)):
        titles |= dict(connection.execute(select(key, table.c.title).where(key.in_(wanted))).tuples().all())
    return Names(language, regions, dict(connection.execute(told).tuples().all()), titles)
