"""What became of claims, once the round is solved."""

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.claims import Verdict
from matcher.pairs.teams import ALONE, team_of
from matcher.pairs.values import values
from matcher.round.matched import Matching
from schemas.claims import ClaimSettled, Outcome
from schemas.rules import Rule


def outcomes(matching: Matching) -> tuple[ClaimSettled, ...]:
    """Return what became of the claims that the round looked at, in their order; not of those that wait."""
    if not matching.claims.verdicts:
        return ()
    pairs, _, taken = matching.pairs_of_all()
    given, team = np.flatnonzero(taken), team_of(matching.board.frozen)
    served = set(zip(pairs.line[given].tolist(), pairs.resource[given].tolist(), strict=True))
    verdicts = [
        verdict
        for verdict in matching.claims.verdicts
        if verdict.held
        or (
            (verdict.line < 0 or not matching.left_out[verdict.line])
            and (not verdict.later or _is_served(verdict, served))
        )
    ]
    staffed = set(team[pairs.line[given]].tolist())
    worthless = _worthless(matching, [verdict for verdict in verdicts if verdict.refusal is None and not verdict.held])
    told = []
    for verdict in verdicts:
        pair = verdict.line, verdict.opened.resource
        outcome, rule = verdict.refusal or "outbid", verdict.rule
        if verdict.held or _is_served(verdict, served):
            outcome = "honoured"
        elif pair in worthless:
            outcome, rule = "not_allowed", "worth"
        elif verdict.refusal is None and team[verdict.line] not in (ALONE, *staffed):
            outcome = "incomplete"
        told.append(_settled(verdict, outcome, rule))
    return tuple(told)


def _is_served(verdict: Verdict, served: set[tuple[int, int]]) -> bool:
    """Return whether the pair was matched, and the claim is one that this honours: an order asks for its own seats."""
    pair = verdict.line, verdict.opened.resource
    return pair in served and (verdict.opened.claim.quantity is None or verdict.backs)


def _worthless(matching: Matching, backing: list[Verdict]) -> set[tuple[int, int]]:
    """Return the pairs (line row, resource row) that claims back and that are worth nothing all the same."""
    asked = [(verdict.line, verdict.opened.resource) for verdict in backing]
    rows = np.array(asked, np.int64).reshape(-1, 2)
    worth = values(matching.board, Pairs(rows[:, 0], rows[:, 1], np.zeros(len(rows), np.int64)))
    return {pair for pair, points in zip(asked, worth.tolist(), strict=True) if points <= 0}


def _settled(verdict: Verdict, outcome: Outcome, rule: Rule | None) -> ClaimSettled:
    pick = verdict.opened.claim
    return ClaimSettled(
        claim_id=verdict.opened.claim_id,
        by=pick.by,
        demand_id=pick.demand_id,
        line=pick.line,
        resource_id=pick.resource_id,
        quantity=pick.quantity,
        outcome=outcome,
        rule=rule,
    )
