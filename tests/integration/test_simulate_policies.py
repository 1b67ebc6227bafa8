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


@pytest.mark.parametrize("name", ["default", "boston"])
def test_a_policy_names_every_weight_and_bears_its_files_name(name):
    path = POLICIES / f"{name}.toml"
    policy = load_policy(path)
    assert policy.name == name
    assert written_out(policy, tomllib.loads(path.read_text(encoding="utf-8"))) == []


def test_the_default_policy_is_the_one_without_a_file():
    assert load_policy(POLICIES / "default.toml") == Policy()


def test_in_boston_waiting_decides_between_rivals():
    policy = load_policy(POLICIES / "boston.toml")
    others = policy.nearness.community, policy.nearness.street, policy.nearness.district
    assert 24 * policy.waiting.per_hour > max(others)
    assert policy.waiting.cap_hours >= 24 * 365
    assert not policy.rules.siblings
    assert not policy.rules.gates
    assert policy.pace.interval_ms == 3_600_000
