"""The oracle's second opinion on endings: what a round must do to live assignments."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain

from schemas.policy import Policy
from tests.property.ledger import EVER, Promise, Word
from tests.property.optimum import Team, teams_of
from tests.property.rules import Rules, is_free, lie_in


class Endings(Rules):
    """Which promises stand, and what becomes of the others."""

    def endings(self, now: datetime, policy: Policy) -> dict[str, Word]:
        """Return what must become of live assignments in a round at ``now``; those not named stay as they are."""
        words = {name: self._ending(name, promise, now, policy) for name, promise in sorted(self.live.items())}
        self._make_room(words)
        self._break_teams(words)
        return {name: word for name, word in words.items() if word is not None}

    def _make_room(self, words: dict[str, Word | None]) -> None:
        """A line or resource that shrank keeps the firmest promises, up to the seats it has left."""
        for name, demand in self.demands.items():
            for number, asked in enumerate(demand.lines):
                mine = [n for n, p in self.live.items() if (p.proposal.demand_id, p.proposal.line) == (name, number)]
                done = sum(words[n] == ("fulfilled", "done") for n in mine)
                self._keep(mine, asked.quantity - self.filled.get((name, number), 0) - done, words)
        for name, resource in self.resources.items():
            mine = [n for n, p in self.live.items() if p.proposal.resource_id == name]
            spent = set() if resource.renewable else {self._seat(n) for n in mine if words[n] == ("fulfilled", "done")}
            spent |= self.spent.get(name, set())
            for seat in {self._seat(n) for n in mine}:
                gone = seat in spent or (resource.per_occasion and seat >= resource.capacity)
                several = len(mine) if resource.per_occasion else 1
                self._keep([n for n in mine if self._seat(n) == seat], 0 if gone else several, words)
            if not resource.per_occasion:
                self._keep(mine, resource.capacity - len(spent), words)

    def _seat(self, assignment: str) -> int:
        return self.live[assignment].proposal.resource_seat

    def _break_teams(self, words: dict[str, Word | None]) -> None:
        """What would stay of a team must be whole and at one start, unless its job has taken place."""
        for team in chain.from_iterable(map(teams_of, self.demands.values())):
            mine = [n for n, p in self.live.items() if (p.proposal.demand_id, p.proposal.line) in team]
            stay = [name for name in mine if words[name] in (None, ("confirmed", "accepted"))]
            whole = sorted((p.demand_id, p.line) for p in (self.live[n].proposal for n in stay)) == sorted(
                place for place in team for _ in range(self.demands[place[0]].lines[place[1]].quantity)
            )
            if self._has_met(team, {n: w for n, w in words.items() if w}) or (
                whole and len({self.live[name].proposal.starts_at for name in stay}) == 1
            ):
                continue
            words.update(dict.fromkeys(stay, ("revoked", "team_broken")))

    def _has_met(self, team: Team, words: Mapping[str, Word]) -> bool:
        """Whether some seat of the team is fulfilled, or will be by these words."""
        done = [self.live[name].proposal for name, (to, _) in words.items() if to == "fulfilled"]
        return any(self.filled.get(place) for place in team) or any((p.demand_id, p.line) in team for p in done)

    def _keep(self, names: list[str], room: int, words: dict[str, Word | None]) -> None:
        """Of these assignments keep so many: confirmed ones first, then by id."""
        accepted: Word = ("confirmed", "accepted")
        staying = [name for name in names if words[name] in (None, accepted)]
        staying.sort(key=lambda name: (not (self.live[name].confirmed or words[name] == accepted), name))
        for name in staying[max(room, 0) :]:
            words[name] = "revoked", "no_longer_allowed"

    def _ending(self, name: str, promise: Promise, now: datetime, policy: Policy) -> Word | None:
        said, given = self.said.get(name, set()), promise.proposal
        reasons: list[tuple[bool, Word]] = [
            ("declined" in said, ("revoked", "declined")),
            ("no_show" in said, ("revoked", "no_show")),
            ("done" in said, ("fulfilled", "done")),
            (given.resource_id in self.resources_gone, ("revoked", "resource_gone")),
            (given.demand_id in self.demands_gone, ("revoked", "demand_gone")),
            (not self._stands(promise, policy), ("revoked", "no_longer_allowed")),
            ("accepted" in said and not promise.confirmed, ("confirmed", "accepted")),
            (not promise.confirmed and (given.answer_by or EVER) <= now, ("expired", "no_answer")),
        ]
        return next((word for holds, word in reasons if holds), None)

    def _stands(self, promise: Promise, policy: Policy) -> bool:
        """Whether a promise survives the changes made to either side since."""
        given = promise.proposal
        demand, resource = self.demands[given.demand_id], self.resources[given.resource_id]
        if (given.demand_version, given.resource_version) == (
            self.versions[given.demand_id],
            self.versions[given.resource_id],
        ):
            return True
        if given.line >= len(demand.lines) or not self._suits((given.demand_id, given.line, given.resource_id), policy):
            return False
        return (
            given.ends_at - given.starts_at >= timedelta(minutes=demand.duration_minutes)
            and lie_in(demand.hours(), given.starts_at, given.ends_at)
            and demand.window.start <= given.starts_at
            and given.ends_at <= demand.window.end
            and is_free(resource, given.starts_at, given.ends_at)
        )
