"""What passes between shards, as a stranger who reads the topics would judge it; nothing here comes from ``matcher``.

1. Of the rounds of a shard the first with a number counts. What it lets go is in the transfers topic, in its order for
   each shard that it goes to; what is there twice is the same fact.
2. A seat sits at home until a round lets it go, and in the shard that it goes to once a round of that one has read so.
   A round proposes, asks for and lets go only seats that sit there; at rest each that ever moved sits in one shard.
3. A seat that is promised or filled is not let go, and a filled one is promised to nobody.
4. Resources are promised by their home alone; seats of others only to the resource that was asked for.
5. A shard above asks for what it was shown as open. A pair that it was refused for good it leaves alone.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import RESOURCES, ROUNDS, TRANSFERS
from streams.log import Record

Seat = tuple[str, int, int]
Letter = tuple[str, str, int, int, dict[str, Any]]
"""To whom, from whom, number of the round, place in it, and what is passed."""
Records = Mapping[tuple[str, int], list[Record]]
_KINDS = {
    "shown": "cn.cobuild.resource.shown.v1",
    "carried": "cn.cobuild.demand.carried.v1",
    "escalated": "cn.cobuild.demand.escalated.v1",
    "asked": "cn.cobuild.hold.asked.v1",
    "returned": "cn.cobuild.seat.returned.v1",
}
DISTRICT = 6


@dataclass
class Shard:
    """What a shard knows of seats; ``net`` counts how much more often a seat came than it left."""

    name: str
    rounds: int = 0
    read: int = 0
    net: Counter[Seat] = field(default_factory=Counter)
    heard: set[tuple[str, int, int]] = field(default_factory=set)
    live: dict[str, Seat] = field(default_factory=dict)
    filled: set[Seat] = field(default_factory=set)
    asked: set[tuple[str, int, str]] = field(default_factory=set)
    shown: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)

    def has(self, seat: Seat, home: str) -> bool:
        return self.net[seat] + (home == self.name) == 1


class Passing:
    """The topics, gone through once; ``faults`` says what is wrong, ``counts`` how much there was of what."""

    def __init__(self, records: Records) -> None:
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self._records = records
        self._shards: dict[str, Shard] = {}
        self._home: dict[str, str] = {}
        self._offered = _offers(records)
        self._due: dict[str, list[Letter]] = defaultdict(list)
        for (topic, partition), mine in sorted(records.items()):
            if topic == ROUNDS.name:
                for record in mine:
                    if _name(record) == "cn.cobuild.round.decided.v1":
                        self._round(json.loads(record.value or b""), partition)
        self._judge_topic()
        self._judge_rest()

    def _round(self, decided: dict[str, Any], partition: int) -> None:
        shard = self._shards.setdefault(decided["shard"], Shard(decided["shard"]))
        if decided["round_no"] != shard.rounds + 1:
            return
        shard.rounds += 1
        seen = next(entry["offset"] for entry in decided["inputs"] if entry["topic"] == TRANSFERS.name)
        for letter in self._letters(partition, shard.read, seen):
            self._read(shard, letter)
        shard.read = seen
        for fault in self._judge(shard, decided):
            self.faults.append(f"round {shard.rounds} of {shard.name}: {fault}")

    def _letters(self, partition: int, first: int, last: int) -> Iterator[Letter]:
        for record in self._records.get((TRANSFERS.name, partition), [])[first:last]:
            yield _letter(record)

    def _read(self, shard: Shard, letter: Letter) -> None:
        to, *mark, passed = letter
        if to != shard.name or tuple(mark) in shard.heard:
            return
        shard.heard.add(tuple(mark))
        if "resource" in passed:
            shown = passed["resource"]
            shard.shown[shown["resource_id"]] = shown["version"], shown["status"]
        for seat in _seats(passed):
            shard.net[seat] += 1
            if "value" in passed:
                shard.asked.add((*seat[:2], passed["resource_id"]))
        if "demand_id" in passed and passed.get("resource_id") and not passed.get("taken") and not passed.get("until"):
            shard.refused.add((passed["demand_id"], passed["resource_id"]))

    def _judge(self, shard: Shard, decided: dict[str, Any]) -> Iterator[str]:
        for moved in decided["transitions"]:
            if moved["to"] != "confirmed" and (seat := shard.live.pop(moved["assignment_id"], None)):
                shard.filled |= {seat} if moved["to"] == "fulfilled" else set()
        for given in decided["proposals"]:
            yield from self._judge_proposal(shard, given)
        letters = decided.get("transfers") or {}
        number = 0
        for kind in _KINDS:
            for passed in letters.get(kind, ()):
                self._due[passed["to"]].append((passed["to"], shard.name, shard.rounds, number, passed))
                number += 1
                self.counts[kind] += 1
                yield from self._judge_letter(shard, kind, passed)

    def _judge_proposal(self, shard: Shard, given: dict[str, Any]) -> Iterator[str]:
        seat, home = (given["demand_id"], given["line"], given["seat"]), given["community"][:DISTRICT]
        self._home.setdefault(given["demand_id"], home)
        if not shard.has(seat, home):
            yield f"it promises {seat}, which does not sit there"
        if seat in shard.filled or seat in shard.live.values():
            yield f"it promises {seat}, which somebody has"
        if home != shard.name and (*seat[:2], given["resource_id"]) not in shard.asked:
            yield f"it promises {seat} to {given['resource_id']}, for which nobody asked"
        if self._offered.get(given["resource_id"], shard.name) != shard.name:
            yield f"it promises {given['resource_id']}, which is at home in {self._offered[given['resource_id']]}"
        self.counts["promised away from home"] += home != shard.name
        shard.live[given["assignment_id"]] = seat

    def _judge_letter(self, shard: Shard, kind: str, passed: dict[str, Any]) -> Iterator[str]:
        if "demand" in passed:
            self._home.setdefault(passed["demand"]["demand_id"], passed["demand"]["community"][:DISTRICT])
        for seat in _seats(passed):
            if not shard.has(seat, self._home.get(seat[0], "")):
                yield f"it lets {seat} go to {passed['to']}, which does not sit there"
            if seat in shard.filled or seat in shard.live.values():
                yield f"it lets {seat} go to {passed['to']}, which somebody has"
            shard.net[seat] -= 1
        if kind == "asked":
            version, status = shard.shown.get(passed["resource_id"], (0, ""))
            if (version, status) != (passed["resource_version"], "open"):
                yield f"it asks for {passed['resource_id']} as it was not shown"
            if (passed["demand"]["demand_id"], passed["resource_id"]) in shard.refused:
                yield f"it asks for {passed['resource_id']} again, which said no"

    def _judge_topic(self) -> None:
        """The topic holds what the rounds let go, from each shard to each in their order, and nothing else."""
        told: dict[str, list[Letter]] = defaultdict(list)
        first: dict[tuple[str, int, int], Letter] = {}
        for (topic, partition), mine in sorted(self._records.items()):
            for letter in self._letters(partition, 0, len(mine)) if topic == TRANSFERS.name else ():
                if first.setdefault(letter[1:4], letter) is letter:
                    told[letter[0]].append(letter)
                elif first[letter[1:4]] != letter:
                    self.faults.append(f"{letter[1:4]} was passed on again as something else")
        for to in sorted(told.keys() | self._due.keys()):
            for giver in sorted({letter[1] for letter in [*told[to], *self._due[to]]}):
                due = [letter for letter in self._due[to] if letter[1] == giver]
                found = [letter for letter in told[to] if letter[1] == giver]
                if found != due:
                    self.faults.append(f"{giver} let go to {to} {len(due)} times, and {len(found)} are told")

    def _judge_rest(self) -> None:
        """Once all has been read, each seat that ever moved sits in one shard."""
        for (topic, partition), mine in sorted(self._records.items()):
            for letter in self._letters(partition, 0, len(mine)) if topic == TRANSFERS.name else ():
                self._read(self._shards.setdefault(letter[0], Shard(letter[0])), letter)
        for seat in sorted({seat for shard in self._shards.values() for seat in shard.net}):
            places = [
                name for name, shard in sorted(self._shards.items()) if shard.has(seat, self._home.get(seat[0], ""))
            ]
            if len(places) != 1:
                self.faults.append(f"{seat} sits in {places}")


def _name(record: Record) -> str:
    return dict(record.headers).get("ce_type", b"").decode(errors="replace")


def _offers(records: Records) -> dict[str, str]:
    """Return the home shard of every resource that was ever offered under its shard's key."""
    found: dict[str, str] = {}
    for (topic, _), mine in sorted(records.items()):
        for record in mine if topic == RESOURCES.name else ():
            if _name(record) == "cn.cobuild.resource.offered.v1" and (record.value or b"").startswith(b'{"resource":'):
                offer, key = _parsed(record).get("resource", {}), (record.key or b"").decode(errors="replace")
                if str(offer.get("home", "")).startswith(key):
                    found.setdefault(str(offer.get("resource_id")), key)
    return found


def _parsed(record: Record) -> dict[str, Any]:
    """Return what a record says; nothing where a stranger wrote what is no JSON."""
    try:
        data = json.loads(record.value or b"")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _letter(record: Record) -> Letter:
    data = json.loads(record.value or b"")
    return (record.key or b"").decode(), data["shard"], data["round_no"], data["number"], data["passed"]


def _seats(passed: dict[str, Any]) -> list[Seat]:
    name = passed.get("demand_id") or passed.get("demand", {}).get("demand_id")
    places = passed.get("seats") or ([passed["seat"]] if "seat" in passed else [])
    return [(name, place["line"], place["seat"]) for place in places]
