"""The oracle's rules: which pairs are allowed, when their job has room, and what they are worth, in plain loops."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain

from schemas.base import Window
from schemas.policy import Policy
from schemas.resources import AccessMode, Resource, ResourceKind
from tests.property.ledger import Ledger, Word
from tests.property.occasions import Job, Seats, person
from tests.property.optimum import Pair


class Rules(Ledger):
    """What policy and entries say of a pair."""

    def _suits(self, pair: Pair, policy: Policy) -> bool:
        own = all(fine for fine in self._own_gates(pair).values())
        return self._item(pair, policy) and self._scope(pair) and self._gate(pair, policy) and own

    def _own_gates(self, pair: Pair) -> dict[str, bool]:
        """The rules that entries set themselves."""
        demand, resource = self.demands[pair[0]], self.resources[pair[2]]
        fee = 0 if resource.access is not AccessMode.PAID else resource.fee
        regions = [entry for entry in resource.admits if ":" not in entry]
        return {
            "beneficiary": not resource.serves or demand.beneficiary in resource.serves,
            "fitness": all(need in resource.fitness for need in demand.needs),
            "cost": demand.cost_cap is None or (fee is not None and fee <= demand.cost_cap),
            "admission": not resource.admits
            or demand.requester in resource.admits
            or any(demand.community.startswith(region) for region in regions),
        }

    def _item(self, pair: Pair, policy: Policy) -> bool:
        asked, offered = self.demands[pair[0]].lines[pair[1]], self.resources[pair[2]].item
        money = self.resources[pair[2]].kind is ResourceKind.FUND
        kin = offered.split(".", maxsplit=1)[0] == asked.item.split(".", maxsplit=1)[0]
        return offered == asked.item or (kin and asked.siblings and policy.rules.siblings and not money)

    def _scope(self, pair: Pair) -> bool:
        return any(self.demands[pair[0]].community.startswith(prefix) for prefix in self.resources[pair[2]].scope)

    def _gate(self, pair: Pair, policy: Policy) -> bool:
        demand, resource = self.demands[pair[0]], self.resources[pair[2]]
        gate = self.catalogue.categories[demand.lines[pair[1]].item.split(".", maxsplit=1)[0]].gate
        if gate == "insurance_if_risky":
            gate = "insurance" if demand.risky else "none"
        return gate == "none" or not policy.rules.gates or gate in resource.qualifications

    # -- when its job has room ------------------------------------------------------------------------------

    def seats(self, resource_id: str, words: Mapping[str, Word], policy: Policy) -> Seats:
        """Return what is used up and promised of a resource after these endings."""
        used_up, jobs, elsewhere = set(self.spent.get(resource_id, set())), list[Job](), list[Job]()
        who = person(self.resources[resource_id], policy)
        for name, promise in self.live.items():
            held = promise.proposal
            if person(self.resources[held.resource_id], policy) != who:
                continue
            if words.get(name, ("confirmed",))[0] == "confirmed":
                place = self.demands[held.demand_id].community
                mine = jobs if held.resource_id == resource_id else elsewhere
                mine.append(Job(held.resource_seat, held.starts_at, held.ends_at, place))
            elif (
                held.resource_id == resource_id
                and words[name][0] == "fulfilled"
                and not self.resources[resource_id].renewable
            ):
                used_up.add(held.resource_seat)
        return Seats(used_up, jobs, elsewhere)

    def _start(self, demand_id: str, resource_id: str, now: datetime, policy: Policy, seats: Seats) -> datetime | None:
        """The first moment at which the whole job fits beside what is promised of the seats, or None."""
        demand, resource = self.demands[demand_id], self.resources[resource_id]
        notice = least_notice(resource, policy)
        soonest = max(demand.window.start, now + notice)
        length = timedelta(minutes=demand.duration_minutes)
        opens = [resource.valid_from] if resource.valid_from else []
        windows = (window.start for window in (*(resource.hours() or ()), *(demand.hours() or ())))
        for moment in sorted(
            m for m in chain([soonest], opens, windows, seats.moments(resource, policy)) if m >= soonest
        ):
            end = moment + length
            fits = end <= demand.window.end and is_free(resource, moment, end) and lie_in(demand.hours(), moment, end)
            if fits and seats.have_room(resource, demand.community, moment, end, policy):
                return moment
        return None

    def can_start(
        self,
        demand_id: str,
        resource_id: str,
        moment: datetime,
        words: Mapping[str, Word],
        now: datetime,
        policy: Policy,
    ) -> bool:
        """Whether the whole job fits at this moment, told at ``now``, beside what is promised after these endings."""
        demand, resource = self.demands[demand_id], self.resources[resource_id]
        length = timedelta(minutes=demand.duration_minutes)
        soonest = max(demand.window.start, now + least_notice(resource, policy))
        end = moment + length
        there = soonest <= moment and end <= demand.window.end
        seats = self.seats(resource_id, words, policy)
        there = there and seats.have_room(resource, demand.community, moment, end, policy)
        return there and is_free(resource, moment, end) and lie_in(demand.hours(), moment, end)

    def _turning_points(
        self, pairs: list[Pair], words: Mapping[str, Word], now: datetime, policy: Policy
    ) -> set[datetime]:
        """Return the moments at which a job of these pairs could first or last begin."""
        moments: set[datetime] = set()
        for demand_id, _, resource_id in pairs:
            demand, resource = self.demands[demand_id], self.resources[resource_id]
            length = timedelta(minutes=demand.duration_minutes)
            begins = [demand.window.start, now + least_notice(resource, policy), resource.valid_from]
            hours = (*(resource.hours() or ()), *(demand.hours() or ()))
            ends = [demand.window.end, resource.valid_to, *(window.end for window in hours)]
            moments |= {m for m in [*begins, *(window.start for window in hours)] if m}
            moments |= {m - length for m in ends if m}
            moments |= set(self.seats(resource_id, words, policy).moments(resource, policy))
        return moments

    # -- what it is worth -----------------------------------------------------------------------------------

    def _terms(self, pair: Pair, now: datetime, policy: Policy) -> dict[str, int]:
        demand, resource = self.demands[pair[0]], self.resources[pair[2]]
        hours = max(int((now - demand.posted_at).total_seconds() // 3600), 0)
        near = policy.nearness
        by_digits = {12: near.community, 9: near.street, 6: near.district, 4: near.city, 0: near.beyond}
        shared = next(n for n in by_digits if resource.home[:n] == demand.community[:n])
        exact = demand.lines[pair[1]].item == resource.item
        since = self.outbid.get(pair[:2])
        lost = int((now - since).total_seconds() // 3600) if since else 0
        return {
            "service": policy.service.base,
            "urgency": getattr(policy.urgency, demand.urgency.value),
            "waiting": policy.waiting.per_hour * min(hours, policy.waiting.cap_hours),
            "nearness": by_digits[shared],
            "fit": policy.fit.exact if exact else policy.fit.sibling,
            "regret": policy.regret.per_hour * min(lost, policy.regret.cap_hours),
            "load": -policy.load.per_assignment * min(self._load(resource.provider, now, policy), policy.load.cap),
        }

    def _load(self, provider: str, now: datetime, policy: Policy) -> int:
        """Assignments that a provider holds and did not refuse, and those done within the policy's days."""
        refused = {name for name, said in self.said.items() if said & {"declined", "no_show"}}
        held = [name for name, p in self.live.items() if p.proposal.provider == provider and name not in refused]
        first = now.date() - timedelta(days=policy.load.span_days - 1)
        return len(held) + sum(who == provider and day >= first for who, day in self.served)


def least_notice(resource: Resource, policy: Policy) -> timedelta:
    """The least time before a start."""
    booking = policy.rules.booking_minutes if resource.access is AccessMode.BOOKING else 0
    return timedelta(minutes=max(resource.notice_minutes, booking))


def is_free(resource: Resource, start: datetime, end: datetime) -> bool:
    """Whether the resource can be had without a gap from ``start`` to ``end``."""
    if (resource.valid_from and start < resource.valid_from) or (resource.valid_to and end > resource.valid_to):
        return False
    return lie_in(resource.hours(), start, end)


def lie_in(hours: tuple[Window, ...] | None, start: datetime, end: datetime) -> bool:
    """Whether ``hours`` leave no gap from ``start`` to ``end``; None are all there are."""
    if hours is None:
        return True
    moment = start
    while moment < end:
        until = max((w.end for w in hours if w.start <= moment < w.end), default=moment)
        if until == moment:
            return False
        moment = until
    return True
