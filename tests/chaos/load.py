"""Clients that offer, ask, revise, withdraw, whistle, enrol, answer and claim over HTTP, all at once, at times wrongly.

They share what they know of entries and proposals, so that they get into each other's way as people do.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos import entries
from tests.chaos.journal import Journal
from tests.chaos.requester import Requester

PLURAL = {"demand": "demands", "resource": "resources"}
ANSWERS = {
    "proposed": (("accept", 55), ("decline", 30), ("done", 3)),
    "accepted": (("decline", 20), ("done", 30)),
    "confirmed": (("done", 60), ("no-show", 12), ("decline", 12), ("accept", 4)),
}
OP_OF = {"accept": "accepted", "decline": "declined", "done": "done", "no-show": "no_show"}


@dataclass
class Known:
    """An entry as the clients believe it to be; ``version`` None after a write of unknown outcome."""

    kind: str
    district: str
    version: int | None
    position: str | None
    withdrawn: bool = False


@dataclass
class World:
    """What the clients know together."""

    going: bool = True
    pause_s: float = 0.05
    known: dict[str, Known] = field(default_factory=dict)
    proposals: dict[str, str] = field(default_factory=dict)
    """Assignment id -> the last that was heard of it."""
    claims: list[str] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)
    people: int = 0

    def hear(self, row: dict[str, Any]) -> None:
        """Take in a row of the match stream or of the list of assignments."""
        state = row.get("state") or row["type"]
        if state in ANSWERS:
            self.proposals[row["assignment_id"]] = state
        else:
            self.proposals.pop(row["assignment_id"], None)


class Client:
    """One client; acts until the world stops."""

    def __init__(
        self, name: str, district: str, http: httpx.AsyncClient, *, world: World, journal: Journal, seed: str
    ) -> None:
        self._district = district
        self._world = world
        self._chance = random.Random(f"{seed} {name}")
        self._journal = journal
        self._send = Requester(name, http, journal=journal, chance=self._chance)
        self._breaks = 0
        self._acts: list[tuple[Callable[[], Awaitable[object]], int]] = [
            (self._post, 22),
            (self._offer, 16),
            (self._answer, 30),
            (self._revise, 12),
            (self._withdraw, 8),
            (self._whistle, 4),
            (self._suspend, 3),
            (self._enrol, 4),
            (self._forget, 1),
            (self._learn, 4),
            (self._twice, 2),
            (self._again, 2),
            (self._claim, 8),
            (self._drop, 1),
        ]

    async def run(self) -> None:
        """Act now and then until the world stops; what is under way is brought to its end."""
        acts, weights = zip(*self._acts, strict=True)
        while self._world.going:
            act = self._chance.choices(acts, weights)[0]
            if self._send.breaks > self._breaks:
                self._breaks, act = self._send.breaks, self._meddle
            await act()
            await asyncio.sleep(self._chance.expovariate(1 / self._world.pause_s))

    async def whistle_now(self) -> None:
        """Post a demand that calls for a round at once."""
        mark = self._send.mark()
        body = entries.demand(self._chance, district=self._district, mark=mark) | {"urgency": "whistle"}
        await self._create("demand", mark, body)

    async def _post(self) -> None:
        mark = self._send.mark()
        await self._create("demand", mark, entries.demand(self._chance, district=self._district, mark=mark))

    async def _offer(self) -> None:
        mark = self._send.mark()
        await self._create("resource", mark, entries.resource(self._chance, district=self._district, mark=mark))

    async def _create(self, kind: str, mark: str, body: dict[str, Any], *, entry_id: str | None = None) -> None:
        given = entry_id or (f"{kind[0]}-{mark}" if self._chance.random() < 0.5 else None)
        body = body | ({f"{kind}_id": given} if given else {})
        op = {"demand": "post", "resource": "offer"}[kind]
        answer = await self._send.write(op, f"/v1/{PLURAL[kind]}", mark=mark, body=body, subject=given)
        if answer is not None:
            receipt = answer.json()
            self._world.known[receipt["id"]] = Known(kind, self._district, 1, receipt["position"])
            await self._read_back(receipt["id"])
        elif given is not None and given not in self._world.known:
            self._world.known[given] = Known(kind, self._district, None, None)

    async def _twice(self) -> None:
        """Two posts of one id at the same time: one of them must lose."""
        first, second = self._send.mark(), self._send.mark()
        bodies = [entries.demand(self._chance, district=self._district, mark=mark) for mark in (first, second)]
        await asyncio.gather(
            self._create("demand", first, bodies[0], entry_id=f"d-{first}"),
            self._create("demand", second, bodies[1], entry_id=f"d-{first}"),
        )

    async def _again(self) -> None:
        """A post of an id that is taken, with another content."""
        if entry_id := self._some_entry(kind="resource"):
            mark = self._send.mark()
            body = entries.resource(self._chance, district=self._district, mark=mark) | {"resource_id": entry_id}
            await self._send.write("offer", "/v1/resources", mark=mark, body=body, subject=entry_id)

    async def _revise(self) -> None:
        if not (entry_id := self._some_entry()):
            return
        known, mark = self._world.known[entry_id], self._send.mark()
        version = known.version or await self._look_up(entry_id)
        if version is None:
            return
        if self._chance.random() < 0.1:
            version = max(1, version - 1)  # as somebody who has not reloaded
        make = entries.demand_patch if known.kind == "demand" else entries.resource_patch
        await self._change(
            f"revise_{known.kind}",
            entry_id,
            method="PATCH",
            mark=mark,
            body=make(self._chance, district=known.district, mark=mark),
            if_match=version,
        )

    async def _withdraw(self) -> None:
        if entry_id := self._some_entry():
            mark = self._send.mark()
            known = self._world.known[entry_id]
            if await self._change(
                f"withdraw_{known.kind}", entry_id, verb=":withdraw", mark=mark, body={"reason": mark}
            ):
                known.withdrawn = True

    async def _whistle(self) -> None:
        if entry_id := self._some_entry(kind="demand"):
            mark = self._send.mark()
            await self._change("whistle", entry_id, verb=":whistle", mark=mark, body={"reason": mark})

    async def _suspend(self) -> None:
        if entry_id := self._some_entry(kind="resource"):
            mark = self._send.mark()
            await self._change("suspend", entry_id, verb=":suspend", mark=mark, body={"reason": mark})

    async def _change(self, op: str, entry_id: str, *, verb: str = "", **sent: Any) -> bool:
        known = self._world.known[entry_id]
        before = known.version
        path = f"/v1/{PLURAL[known.kind]}/{entry_id}{verb}"
        answer = await self._send.write(op, path, subject=entry_id, **sent)
        if answer is None:
            if known.version == before:
                known.version = None
            return False
        receipt = answer.json()
        if known.version is None or receipt["version"] > known.version:
            known.version, known.position = receipt["version"], receipt["position"] or known.position
        await self._read_back(entry_id)
        return True

    async def _read_back(self, entry_id: str) -> None:
        """Who wrote sees what it wrote."""
        known = self._world.known[entry_id]
        version, position = known.version, known.position
        if version is None or position is None or self._chance.random() > 0.15:
            return
        found = await self._send.read(f"/v1/{PLURAL[known.kind]}/{entry_id}", at_least=position)
        if found is not None:
            seen = found["view"]["version"] if known.kind == "demand" else found["version"]
            self._journal.note("read", subject=entry_id, wanted=version, seen=seen)

    async def _look_up(self, entry_id: str) -> int | None:
        known = self._world.known[entry_id]
        found = await self._send.read(f"/v1/{PLURAL[known.kind]}/{entry_id}")
        if found is None:
            return None
        view = found["view"] if known.kind == "demand" else found
        known.withdrawn = known.withdrawn or view["state"] == "withdrawn"
        known.version = view["version"]
        return known.version

    async def _answer(self) -> None:
        if not self._world.proposals:
            return
        recent = list(self._world.proposals)[-60:]
        assignment_id = self._chance.choice(recent)
        answers, weights = zip(*ANSWERS[self._world.proposals[assignment_id]], strict=True)
        answer, mark = self._chance.choices(answers, weights)[0], self._send.mark()
        body = {"reason": mark} if answer in ("decline", "no-show") else {}
        done = await self._send.write(
            OP_OF[answer], f"/v1/assignments/{assignment_id}:{answer}", mark=mark, body=body, subject=assignment_id
        )
        if done is not None and answer == "accept" and assignment_id in self._world.proposals:
            self._world.proposals[assignment_id] = "accepted"

    async def _claim(self) -> None:
        """Pick an entry of the other side, mostly one that will not do."""
        demand_id = self._some_entry(kind="demand")
        district = self._world.known[demand_id].district if demand_id and self._chance.random() < 0.9 else None
        resource_id = self._some_entry(kind="resource", district=district)
        if not (demand_id and resource_id):
            return
        op, path, other = self._chance.choice(
            [
                ("claim_demand", f"/v1/demands/{demand_id}", ("resource_id", resource_id)),
                ("claim_resource", f"/v1/resources/{resource_id}", ("demand_id", demand_id)),
            ]
        )
        mark, subject = self._send.mark(), f"{demand_id} {resource_id}"
        done = await self._send.write(op, f"{path}:claim", mark=mark, body=dict([other]), subject=subject)
        if done is not None:
            self._world.claims.append(done.json()["claim_id"])

    async def _drop(self) -> None:
        if self._world.claims:
            claim_id = self._chance.choice(self._world.claims[-5:])
            await self._send.write(
                "drop_claim", f"/v1/claims/{claim_id}:withdraw", mark=self._send.mark(), subject=claim_id
            )

    async def _meddle(self) -> None:
        """After a break: change the newest entries at once, whatever their version, before anybody is quite awake."""
        newest = [name for name, known in self._world.known.items() if known.position and not known.withdrawn][-4:]
        for entry_id in newest:
            known, mark = self._world.known[entry_id], self._send.mark()
            op, verb = ("whistle", ":whistle") if known.kind == "demand" else ("suspend", ":suspend")
            await self._change(op, entry_id, verb=verb, mark=mark, body={"reason": mark})

    async def _enrol(self) -> None:
        mark, people = self._send.mark(), self._world.people
        self._world.people += 1
        make, path = self._chance.choice([(entries.member, "/v1/members"), (entries.unit, "/v1/units")])
        body = make(self._chance, district=self._district, mark=mark, number=people)
        party = body.get("member_ref") or body["uscc"]
        op = "enrol_member" if "member_ref" in body else "enrol_unit"
        if await self._send.write(op, path, mark=mark, body=body, subject=party):
            self._world.enrolled.append(f"{path}/{party}")

    async def _forget(self) -> None:
        if self._world.enrolled:
            path = self._world.enrolled.pop(self._chance.randrange(len(self._world.enrolled)))
            subject = path.rpartition("/")[2]
            await self._send.write(
                "forget", f"{path}/identity", method="DELETE", mark=self._send.mark(), subject=subject
            )

    async def _learn(self) -> None:
        """Read the list of open proposals, as somebody does who does not listen to the stream."""
        found = await self._send.read("/v1/assignments", region=self._district, state="proposed", limit=50)
        for row in (found or {"rows": []})["rows"]:
            self._world.hear(row)

    def _some_entry(self, *, kind: str | None = None, district: str | None = None) -> str | None:
        """Return a recent entry that may be changed; rarely one that was withdrawn."""
        recent = list(self._world.known.items())[-120:]
        gone_too = self._chance.random() < 0.05
        fitting = [each for each in recent if kind in (None, each[1].kind) and district in (None, each[1].district)]
        open_ones = [name for name, known in fitting if gone_too or not known.withdrawn]
        return self._chance.choice(open_ones) if open_ones else None
