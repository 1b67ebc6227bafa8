"""A state as bytes, and back: a JSON head, then the columns one after another.

Canonical: entries are sorted by id and shared values numbered by first use, so two states that know the
same are equal byte for byte, however their events were interleaved.
"""

import json
from typing import Any, Final

import numpy as np

from matcher.state.calendars import ALWAYS, Calendar
from matcher.state.columns import Bools, Ints, Names, Rows, ragged
from matcher.state.fold import WITHDRAWN
from matcher.state.responses import Claim, ResponseFold
from matcher.state.shard import ShardState
from matcher.state.transfers import Hold
from schemas.catalogue import Catalogue

FORMAT: Final = 11


class SnapshotError(ValueError):
    """The bytes are of another format or catalogue: the state must be folded from the log again."""


def dump(state: ShardState) -> bytes:
    """Return ``state`` as bytes."""
    resources, demands, rounds, transfers = state.resources, state.demands, state.rounds, state.transfers
    resource_order, resource_ids = _sorted(resources.ids)
    demand_order, demand_ids = _sorted(demands.ids)
    resource_rows, demand_rows = resources.table.rows[resource_order], demands.table.rows[demand_order]
    new_resource, new_demand = _inverse(resource_order), _inverse(demand_order)
    lines = demands.lines.rows[
        ragged(demand_rows["first_line"].astype(np.int64), demand_rows["lines"].astype(np.int64))
    ]
    demand_rows["first_line"] = np.cumsum(demand_rows["lines"]) - demand_rows["lines"]
    live_order = np.array(sorted(range(len(rounds.ids)), key=rounds.ids.__getitem__), np.int64)
    live = rounds.live.rows[live_order]
    live["demand"], live["resource"] = new_demand[live["demand"]], new_resource[live["resource"]]
    offered = resource_rows["home"] > 0
    head = {
        "format": FORMAT,
        "catalogue": state.items.catalogue.digest,
        "shard": state.shard,
        "offsets": dict(sorted(state.offsets.items())),
        "round_no": rounds.round_no,
        "round_at_ms": rounds.round_at_ms,
        "left_out": rounds.left_out,
        "resource_ids": resource_ids,
        "demand_ids": demand_ids,
        "scopes": _renumber("scope", resources.scopes, (resource_rows, offered)),
        "calendars": _renumber("calendar", resources.calendars, (resource_rows, offered)),
        "providers": _renumber(
            "provider", resources.providers, (resource_rows, offered), (live, np.ones(len(live), bool))
        ),
        "admissions": _renumber("admission", resources.admissions, (resource_rows, offered)),
        "hours": _renumber("hours", demands.hours, (demand_rows, demand_rows["place"] > 0)),
        "requesters": _renumber("requester", demands.requesters, (demand_rows, demand_rows["place"] > 0)),
        "live_ids": [rounds.ids[place] for place in live_order],
        "said": sorted(state.responses.said.items()),
        "claims": [[claim_id, *claim] for claim_id, claim in state.responses.claims.items()],
        "dropped": sorted(state.responses.dropped),
        "settled": sorted(state.responses.settled),
        "filled": sorted([int(new_demand[demand]), line, hex(bits)] for (demand, line), bits in rounds.filled.items()),
        "spent": sorted([int(new_resource[row]), hex(bits)] for row, bits in rounds.spent.items()),
        "rests": sorted([int(new_demand[d]), int(new_resource[r]), until] for d, r, until in _rests(state)),
        "outbid": sorted([int(new_demand[demand]), line, since] for (demand, line), since in _outbid(state)),
        "served": sorted([resources.providers[who], day, count] for (who, day), count in rounds.served.items()),
        "net": sorted([int(new_demand[row]), line, seat, net] for row, line, seat, net in state.seats),
        "sent": sorted([int(new_demand[row]), shard, version] for (row, shard), version in rounds.sent.items()),
        "went_up": sorted([int(new_demand[row]), at_ms] for row, at_ms in rounds.went_up.items()),
        "heard": sorted([shard, *place] for shard, place in transfers.heard.items()),
        "holds": sorted(
            [int(new_demand[row]), line, seat, hold.giver, int(new_resource[hold.resource])]
            for (row, line, seat), hold in transfers.holds.items()
            if state.seats.is_here(row, (line, seat))
        ),
        "visits": sorted(
            [int(new_demand[row]), line, seat, giver]
            for (row, line, seat), giver in transfers.visits.items()
            if demands.table.rows["status"][row] != WITHDRAWN  # also who is out for a hold: it may come back
        ),
        "apart": sorted([int(new_demand[d]), int(new_resource[r]), until] for d, r, until in _apart(state)),
        "taken": sorted([int(new_resource[row]), until] for row, until in transfers.taken.items()),
        "rows": [len(resource_rows), len(demand_rows), len(lines), len(live)],
    }
    packed = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    columns = b"".join(np.ascontiguousarray(rows).tobytes() for rows in (resource_rows, demand_rows, lines, live))
    return len(packed).to_bytes(8, "big") + packed + columns


def load(data: bytes, catalogue: Catalogue) -> ShardState:
    """Return the state that ``dump`` wrote.

    Raises:
        SnapshotError: another format, another catalogue, or not a snapshot.
    """
    head, body = _head(data)
    if head.get("format") != FORMAT or head.get("catalogue") != catalogue.digest:
        raise SnapshotError("another format or catalogue")
    try:
        return _state(head, body, catalogue)
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"it does not hold what it should: {error}") from error


def _state(head: dict[str, Any], body: memoryview, catalogue: Catalogue) -> ShardState:
    state = ShardState(head["shard"], catalogue)
    state.offsets = dict(head["offsets"])
    resources, demands, rounds = state.resources, state.demands, state.rounds
    tables = (resources.table, demands.table, demands.lines, rounds.live)
    sizes = [count * table.rows.dtype.itemsize for table, count in zip(tables, head["rows"], strict=True)]
    if len(body) != sum(sizes):
        raise ValueError("its length does not fit")
    for table, size in zip(tables, sizes, strict=True):
        table.replace(np.frombuffer(body[:size], table.rows.dtype))
        body = body[size:]
    resources.ids, demands.ids = Names(head["resource_ids"]), Names(head["demand_ids"])
    resources.scopes = Names(tuple(scope) for scope in head["scopes"])
    resources.calendars = Names(_calendar(stretches) for stretches in head["calendars"])
    demands.hours = Names(_calendar(stretches) for stretches in head["hours"] or [ALWAYS])
    resources.admissions = Names(tuple(admitted) for admitted in head["admissions"])
    resources.providers, demands.requesters = Names(head["providers"]), Names(head["requesters"])
    _restore_responses(state.responses, head)
    rounds.round_no, rounds.round_at_ms, rounds.left_out = head["round_no"], head["round_at_ms"], head["left_out"]
    rounds.ids = head["live_ids"]
    rounds.row_of = {assignment_id: row for row, assignment_id in enumerate(rounds.ids)}
    rounds.filled = {(demand, line): int(bits, 16) for demand, line, bits in head["filled"]}
    rounds.spent = {row: int(bits, 16) for row, bits in head["spent"]}
    rounds.rests = {(demand, resource): until for demand, resource, until in head["rests"]}
    rounds.outbid = {(demand, line): since for demand, line, since in head["outbid"]}
    rounds.served = {(resources.providers.number(who), day): count for who, day, count in head["served"]}
    rounds.went_up = dict(head["went_up"])
    rounds.sent = {(row, shard): version for row, shard, version in head["sent"]}
    _restore_transfers(state, head)
    return state


def _restore_transfers(state: ShardState, head: dict[str, Any]) -> None:
    transfers = state.transfers
    state.seats.restore((row, line, seat, net) for row, line, seat, net in head["net"])
    transfers.heard = {shard: (round_no, number) for shard, round_no, number in head["heard"]}
    transfers.holds = {(row, line, seat): Hold(giver, resource) for row, line, seat, giver, resource in head["holds"]}
    transfers.visits = {(row, line, seat): giver for row, line, seat, giver in head["visits"]}
    transfers.apart = {(row, resource): until for row, resource, until in head["apart"]}
    transfers.taken = dict(head["taken"])


def _calendar(stretches: list[list[int]]) -> Calendar:
    return tuple((start, end) for start, end in stretches)


def _restore_responses(responses: ResponseFold, head: dict[str, Any]) -> None:
    responses.said = dict(head["said"])
    responses.claims = {claim_id: Claim(*claim) for claim_id, *claim in head["claims"]}
    responses.dropped, responses.settled = set(head["dropped"]), set(head["settled"])
    over = responses.dropped | responses.settled
    responses.open = {claim_id: claim for claim_id, claim in responses.claims.items() if claim_id not in over}


def _outbid(state: ShardState) -> list[tuple[tuple[int, int], int]]:
    """Return the clocks of regret that can still matter: of demands that are not gone for good."""
    status = state.demands.table.rows["status"]
    return [(place, since) for place, since in state.rounds.outbid.items() if status[place[0]] != WITHDRAWN]


def _rests(state: ShardState) -> list[list[int]]:
    """Return the rests that can still matter."""
    return _that_matter(state, state.rounds.rest_rows())


def _apart(state: ShardState) -> list[list[int]]:
    """Return the pairs that are not asked for, where that can still matter."""
    rows = [(*pair, until) for pair, until in state.transfers.apart.items()]
    return _that_matter(state, np.array(rows, np.int64).reshape(-1, 3))


def _that_matter(state: ShardState, rests: Ints) -> list[list[int]]:
    """Return those (n, 3) that were not over at the last round, and of which no side is gone for good."""
    gone_demand = state.demands.table.rows["status"] == WITHDRAWN
    gone_resource = state.resources.table.rows["status"] == WITHDRAWN
    matters = (rests[:, 2] > state.round_at_ms) & ~gone_demand[rests[:, 0]] & ~gone_resource[rests[:, 1]]
    found: list[list[int]] = rests[matters].tolist()
    return found


def _head(data: bytes) -> tuple[dict[str, Any], memoryview]:
    size = int.from_bytes(data[:8], "big")
    try:
        head = json.loads(data[8 : 8 + size])
    except ValueError as error:
        raise SnapshotError("it has no head") from error
    if not isinstance(head, dict):
        raise SnapshotError("it has no head")
    return head, memoryview(data)[8 + size :]


def _sorted(ids: Names[str]) -> tuple[Ints, list[str]]:
    names = list(ids)
    order = sorted(range(len(names)), key=names.__getitem__)
    return np.array(order, np.int64), [names[place] for place in order]


def _inverse(order: Ints) -> Ints:
    new = np.empty(len(order), np.int64)
    new[order] = np.arange(len(order))
    return new


def _renumber(column: str, names: Names[Any], *groups: tuple[Rows, Bools]) -> list[Any]:
    """Number the shared values of ``column`` by first use, in place; return them in that order.

    Each group is a table with a mask of its known rows. Rows that are not known (only mentioned so far) have no
    value; theirs is set to 0.
    """
    held = np.concatenate([rows[column][known] for rows, known in groups])
    used, first, place = np.unique(held, return_index=True, return_inverse=True)
    order = np.argsort(first)
    numbers = _inverse(order)[place]
    for rows, known in groups:
        rows[column] = 0
        rows[column][known], numbers = np.split(numbers, [int(known.sum())])
    return [names[int(number)] for number in used[order]]
