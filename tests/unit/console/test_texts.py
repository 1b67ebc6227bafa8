"""The console's texts: one table, complete, nothing said twice, nothing left over."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

import api.console
from api.console.desk import millis
from api.console.reasons import TERMS
from api.console.texts import TEXTS, table
from api.imports.columns import ListKind
from api.imports.report import Outcome
from api.readmodel.views import Answer, AssignmentState, EscalationState, TransferKind
from api.reports.period import Cycle
from matcher.pairs.values import LINE_TERMS, PAIR_TERMS
from schemas.claims import Side
from schemas.demands import Urgency
from schemas.rounds import RoundDecided
from schemas.rules import Rule
from schemas.sharding import ShardLevel
from schemas.transfers import Cause
from schemas.why import LineWhy

WEB = Path(api.console.__file__).parent / "web"
BEGINNINGS = {
    "rule_",
    "verdict_",
    "term_",
    "say_",
    "cause_",
    "step_",
    "claim_by_",
    "up_",
    "age_",
    "level_",
    "went_",
    "by_",
    "cycle_",
    "list_",
    "rows_",
}
"""The page completes these keys by a word from the server."""
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(WEB.glob("*.js")))


def built_from_data() -> set[str]:
    """Keys that the page puts together from what the server says."""
    verdicts = get_args(LineWhy.model_fields["verdict"].annotation)
    causes = get_args(RoundDecided.model_fields["cause"].annotation)
    steps = [state for state in get_args(AssignmentState) if state != "accepted"]
    return {
        *get_args(AssignmentState),
        *(urgency.value for urgency in Urgency),
        *(f"rule_{rule}" for rule in get_args(Rule)),
        *(f"verdict_{verdict}" for verdict in verdicts),
        *(f"cause_{cause}" for cause in causes),
        *(f"step_{state}" for state in steps),
        *(f"step_answer_{answer}" for answer in get_args(Answer)),
        *(f"{head}_{term}" for head in ("term", "say") for term in TERMS),
        *(f"claim_by_{side}" for side in get_args(Side)),
        *(f"way_{kind}" for kind in get_args(TransferKind)),
        *(f"age_{age}" for age in ("hour", "day", "days", "older")),
        *(f"level_{level}" for level in get_args(ShardLevel)),
        *(f"went_{state}" for state in get_args(EscalationState)),
        *(f"up_{cause}" for cause in get_args(Cause)),
        *("unit", "member", "team", "system"),
        *(f"by_{kind}" for kind in ("member", "team", "system", "unit", "community", "office")),
        *(f"cycle_{cycle}" for cycle in get_args(Cycle)),
        *(f"list_{kind}" for kind in get_args(ListKind)),
        *(f"rows_{outcome}" for outcome in (*get_args(Outcome), "undone", "kept")),
        "not_found",
        "not_open",
    }


def test_every_key_the_page_may_say_has_a_text() -> None:
    said = set(re.findall(r"\bt\(\s*[\"'](\w+)[\"']", SOURCE)) - BEGINNINGS | built_from_data()
    assert said - set(TEXTS) == set()


def test_no_text_is_left_over() -> None:
    unused = {key for key in TEXTS if not re.search(rf"[\"']{key}[\"']", SOURCE)} - built_from_data()
    assert unused == set()


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_fill_in_the_same_places(key: str) -> None:
    zh, en = TEXTS[key]
    assert zh and en
    assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en))


def test_english_has_no_chinese_but_the_name() -> None:
    chinese = {key for key, text in table("en").items() if re.search(r"[\u4e00-\u9fff]", text)}
    assert chinese == {"product"}


def test_every_part_of_a_value_has_its_place() -> None:
    assert set(TERMS) == {*LINE_TERMS, *PAIR_TERMS}


def test_the_page_knows_no_other_host() -> None:
    style = (WEB / "console.css").read_text(encoding="utf-8")
    assert re.findall(r"https?://|@import|url\(", SOURCE + style) == []


def test_millis_are_those_of_javascript() -> None:
    assert millis(datetime(2026, 11, 21, 3, 0, 0, 250_000, tzinfo=UTC)) == 1795230000250
