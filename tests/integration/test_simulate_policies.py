"""The policies we ship: complete, valid, and the default one is what the code takes when nothing is said."""

import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from schemas.policy import Policy, load_policy

POLICIES = Path(__file__).parents[2] / "deploy" / "policies"


def written_out(model: BaseModel, text: dict[str, object], path: str = "") -> list[str]:
    """Return the fields of ``model`` that a file does not name."""
    missing = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name not in text:
            missing.append(path + name)
        elif isinstance(value, BaseModel):
            missing += written_out(value, text[name], f"{path}{name}.")
    return missing


@pytest.mark.parametrize("name", ["default", "boston", "nearest-first", "longest-wait-first"])
def test_a_policy_names_every_weight_and_bears_its_files_name(name):
    path = POLICIES / f"{name}.toml"
    policy = load_policy(path)
    assert policy.name == name
    assert written_out(policy, tomllib.loads(path.read_text(encoding="utf-8"))) == []


def test_the_default_policy_is_the_one_without_a_file_and_what_has_joined_since():
    policy, before = load_policy(POLICIES / "default.toml"), Policy()
    assert policy.escalation.binds
    assert policy.rules.one_place
    assert policy.version > before.version
    joined = {"version": before.version, "escalation": before.escalation, "rules": before.rules}
    assert policy.rules.model_copy(update={"one_place": False}) == before.rules
    assert policy.model_copy(update=joined) == before


def test_in_boston_waiting_decides_between_rivals():
    policy = load_policy(POLICIES / "boston.toml")
    others = policy.nearness.community, policy.nearness.street, policy.nearness.district
    assert 24 * policy.waiting.per_hour > max(others)
    assert policy.waiting.cap_hours >= 24 * 365
    assert not policy.rules.siblings
    assert not policy.rules.gates
    assert policy.pace.interval_ms == 3_600_000


def test_nearest_first_lets_a_lead_in_nearness_outweigh_an_emergency_that_waited():
    policy = load_policy(POLICIES / "nearest-first.toml")
    near, most_waiting = policy.nearness, policy.waiting.per_hour * policy.waiting.cap_hours
    assert near.street - near.district > policy.urgency.emergency + most_waiting
    assert near.community - near.street > policy.urgency.emergency + most_waiting
    assert near.city > most_waiting


def test_longest_wait_first_lets_an_hour_outweigh_all_nearness():
    policy = load_policy(POLICIES / "longest-wait-first.toml")
    assert policy.waiting.per_hour > policy.nearness.community
    assert policy.waiting.cap_hours >= 24 * 365


@pytest.mark.parametrize("name", ["nearest-first", "longest-wait-first"])
def test_the_extreme_policies_are_the_default_one_but_for_waiting_and_nearness(name):
    policy, default = load_policy(POLICIES / f"{name}.toml"), load_policy(POLICIES / "default.toml")
    same = {"name": default.name, "waiting": default.waiting, "nearness": default.nearness}
    # They are compared within one district, so nothing goes a level up.
    assert policy.model_copy(update=same) == default.model_copy(update={"escalation": policy.escalation})
    assert not policy.escalation.binds


def test_every_policy_has_its_sentence_on_the_page_that_compares_them():
    page = (POLICIES.parents[1] / "docs" / "policies.md").read_text(encoding="utf-8")
    for path in POLICIES.glob("*.toml"):
        assert f"| `{path.stem}`" in page, path.stem
