"""Every verdict and every rule has a sentence in both languages, and none names a rival."""

from typing import get_args

import pytest

from api import why
from api.entries import merge
from api.odds import patch_of, said
from schemas.catalogue import load_catalogue
from schemas.demands import Demand
from schemas.regions import Regions
from schemas.rules import Rule
from schemas.why import DemandWhy, LineWhy, Remedy
from tests.apiworld import NOW, demand

CATALOGUE, REGIONS = load_catalogue(), Regions.builtin("cn")
DEMAND = Demand.model_validate(demand() | {"demand_id": "d-1", "posted_at": NOW})
VERDICTS = get_args(LineWhy.model_fields["verdict"].annotation)


def _told(**changes: object) -> why.DemandReasons:
    line = LineWhy.model_validate(
        {
            "line": 0,
            "item": "elder_care.hair_cut",
            "asked": 3,
            "filled": 1,
            "verdict": "outbid",
            "considered": 9,
            "failing": {},
            "eligible": 4,
        }
        | changes
    )
    reasons = DemandWhy(demand_id="d-1", shard="310105", round_no=1, at=NOW, lines=(line,))
    return why.of_demand(reasons, DEMAND, catalogue=CATALOGUE, regions=REGIONS, language="en")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_told_in_both_languages(verdict: str) -> None:
    told = _told(verdict=verdict)
    assert told.messages.zh.startswith("“上门理发”（1/3）：")
    assert told.messages.en.startswith("“home haircut” (1/3): ")
    assert told.text == told.messages.en
    assert told.messages.zh.isascii() is False


def test_verdicts_differ() -> None:
    assert len({_told(verdict=verdict).messages.zh for verdict in VERDICTS}) == len(VERDICTS)


@pytest.mark.parametrize("rule", get_args(Rule))
def test_every_rule_has_a_name(rule: str) -> None:
    told = _told(verdict="no_candidate", failing={rule: 5})
    assert ": 5)" in told.messages.en
    assert "5 项" in told.messages.zh


def test_the_most_frequent_obstacle_comes_first() -> None:
    told = _told(verdict="no_candidate", failing={"window": 1, "scope": 8}).text
    assert told.index("place not served: 8") < told.index("no time then: 1")


def test_outbid_tells_by_how_much() -> None:
    assert "1,200 points were missing" in _told(short_by=1_200).text
    assert "points were missing" not in _told().text


def test_what_is_scarce_is_told_as_broadly_as_it_must() -> None:
    narrow = {"item": "elder_care.hair_cut", "street": "310105001", "sources": 7}
    told = _told(short_by=1, scarce=narrow)
    assert told.text.endswith("What is scarce is “home haircut” in 华阳路街道.")
    assert "最紧缺的是“上门理发”（华阳路街道）。" in told.messages.zh
    broad = _told(short_by=1, scarce={"item": "elder_care.hair_cut"})
    assert broad.text.endswith("What is scarce is “home haircut”.")


@pytest.mark.parametrize("kind", get_args(Remedy.model_fields["kind"].annotation))
def test_every_remedy_has_words_and_a_patch_that_can_be_posted(kind: str) -> None:
    change = {
        "item": {"item": "elder_care.home_nursing"},
        "time": {"minutes": 75},
        "place": {"community": "310105001002", "shared": "street"},
        "urgency": {"urgency": "whistle"},
        "seats": {"quantity": 1},
    }
    remedy = Remedy.model_validate({"kind": kind, "line": 0, "seats": 1, "price": 300} | change.get(kind, {}))
    told = _told(remedies=(remedy,)).lines[0].remedies[0]
    assert told.text == told.messages.en
    assert told.messages.zh
    changed = merge(DEMAND.model_dump(mode="json"), told.patch)
    assert Demand.model_validate(changed) != DEMAND or kind in ("siblings", "apart")


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        (
            {"kind": "time", "minutes": 60, "seats": 1, "in_all": 4},
            "推迟 1 小时，共可配上 4 个名额，不影响他人。",
            "Move it 1 h later: 4 seats served in all, at nobody's expense.",
        ),
        (
            {"kind": "apart", "seats": 0, "in_all": 3},
            "不必一次凑齐，各项各自配，共可配上 3 个名额，不影响他人。",
            "Let its lines be filled each on its own, not as a bundle: 3 seats served in all, at nobody's expense.",
        ),
        (
            {"kind": "apart", "seats": 1},
            "不必一次凑齐，名额各自配，可配上 1 个名额，不影响他人。",
            "Let each seat be filled on its own, not as a team: 1 seat served, at nobody's expense.",
        ),
        (
            {"kind": "seats", "quantities": (1, 3), "seats": 1, "in_all": 4},
            "各项名额依次改为 1、3 个，即可全部配上。",
            "Ask for 1, 3 seats in its lines in turn, and all of it is served.",
        ),
    ],
)
def test_changes_of_teams_are_told_in_both_languages(change: dict[str, object], zh: str, en: str) -> None:
    told = said(Remedy.model_validate({"line": 0, "price": 0} | change), CATALOGUE, REGIONS)
    assert (told.zh, told.en) == (zh, en)


def test_patches_of_teams_change_the_bundle_or_its_lines() -> None:
    two = [{"item": "elder_care.hair_cut", "quantity": 2}, {"item": "elder_care.home_nursing"}]
    bundle = Demand.model_validate(DEMAND.model_dump() | {"bundle": True, "lines": two})
    apart = Remedy(kind="apart", line=0, seats=0, in_all=1, price=0)
    assert patch_of(apart, bundle) == {"bundle": False}
    fewer = patch_of(Remedy(kind="seats", line=0, quantities=(1, 1), seats=1, in_all=2, price=0), bundle)
    assert [line["quantity"] for line in fewer["lines"]] == [1, 1]
    pair = {"item": "elder_care.hair_cut", "quantity": 2, "together": True}
    for told in ({"lines": [pair]}, {"lines": [pair], "bundle": True}):
        team = Demand.model_validate(DEMAND.model_dump() | told)
        changed = Demand.model_validate(merge(team.model_dump(mode="json"), patch_of(apart, team)))
        assert (changed.bundle, changed.lines[0].together) == (False, False)


def test_another_place_is_told_by_its_name() -> None:
    remedy = Remedy(kind="place", line=0, community="310105001001", shared="street", seats=1, price=0)
    told = _told(remedies=(remedy,)).lines[0].remedies[0]
    assert told.messages.zh.startswith("改在华阳路街道 华一居委会（同街道）")
    assert told.patch == {"community": "310105001001"}
    unknown = remedy.model_copy(update={"community": "990105001001"})
    assert _told(remedies=(unknown,)).lines[0].remedies[0].messages.en.startswith("Hold it in 990105001001 (")


def test_an_empty_category_is_told_as_such() -> None:
    assert "no resource of this category" in _told(verdict="no_candidate", considered=0).text
