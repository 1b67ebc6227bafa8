"""Kill -9 of workers, API, projector and brokers of a real cluster under load. ``cluster`` does the same at length."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.cluster import go, judge
from tests.chaos.figures import told_kills
from tests.chaos.journal import read_notes
from tests.chaos.kafka_run import SHORT, Plan
from tests.kafka.cluster import RealKafka

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = sum(blow.phase != "standing still" for blow in SHORT)


def test_ten_kills_spread_over_a_cluster_break_no_invariant(tmp_path: Path, kafka3: RealKafka) -> None:
    plan = Plan(kills=KILLS, seed=random.randrange(10**6), blows=SHORT, gap_s=(0.3, 1.2))
    struck: list[str] = []
    go(plan, tmp_path, kafka3, prefix=f"chaos-{plan.seed}.", on_kill=lambda blow: struck.append(blow.role))
    verdict, notes = judge(tmp_path), read_notes(tmp_path)
    assert verdict.faults == [], "\n".join([f"seed {plan.seed}", *told_kills(notes), str(verdict)])
    assert Counter(struck) == {"worker": 4, "api": 2, "projector": 2, "broker": 2}
    assert Counter(life.role for life in notes.lives if life.killed) == Counter(struck)
    assert len(notes.pauses) == 1
