"""Policies are found by the digest that a round recorded, also years and weights later."""

import json
from pathlib import Path

import pytest

from deploy.kept_policies import KeptPolicies, PolicyUnknownError
from deploy.settings import BUILT_IN_POLICIES
from schemas.policy import Policy, ServiceWeights, UrgencyWeights, digest_of, load_policy
from schemas.rounds import PolicyRef

OURS = Policy(name="ours", version=3, service=ServiceWeights(base=2_500), urgency=UrgencyWeights(urgent=2_000))
EARLIER = {"default": "f8bca749539ac583", "boston": "8849e62e4aa1ced9"}
"""What rounds recorded of the built-in policies while a digest was that of the whole policy."""


def whole_digest(policy: Policy) -> str:
    return digest_of(policy.model_dump_json())


def test_a_policy_that_was_kept_is_found_and_is_the_same(tmp_path: Path) -> None:
    kept = KeptPolicies(tmp_path)
    kept.keep(OURS)
    assert kept.find(OURS.ref) == OURS
    assert kept.find(OURS.ref).ref == OURS.ref


def test_the_digest_is_of_what_differs_from_the_defaults_however_it_was_said() -> None:
    assert Policy(name="ours", version=3, service=ServiceWeights(base=2_500)).ref == OURS.ref
    assert Policy.model_validate_json(OURS.model_dump_json()).ref == OURS.ref
    assert Policy(name="ours", version=3).ref.digest != OURS.ref.digest


def test_the_defaults_have_not_changed() -> None:
    """A changed default would give old digests another meaning. A new weight may join; its default means as before."""
    assert Policy().ref.digest == digest_of("{}")
    old = json.loads((Path(__file__).parent / "policy_defaults.json").read_text(encoding="utf-8"))
    now = Policy().model_dump(mode="json")
    for part, value in old.items():
        assert now[part] == ({**now[part], **value} if isinstance(value, dict) else value), part


def test_a_file_of_before_is_found_by_the_digest_of_the_whole(tmp_path: Path) -> None:
    earlier = PolicyRef(name=OURS.name, version=OURS.version, digest=whole_digest(OURS))
    assert earlier != OURS.ref
    (tmp_path / f"{earlier.digest}.json").write_text(OURS.model_dump_json(indent=2) + "\n", encoding="utf-8")
    found = KeptPolicies(tmp_path).find(earlier)
    assert found.ref == earlier
    assert found.model_dump() == OURS.model_dump()


def test_a_file_of_before_that_lacks_a_newer_weight_is_found(tmp_path: Path) -> None:
    lacking = OURS.model_dump(mode="json")
    del lacking["pace"]["most_seats"]
    digest = digest_of(json.dumps(lacking, separators=(",", ":")))
    (tmp_path / f"{digest}.json").write_text(json.dumps(lacking, indent=2), encoding="utf-8")
    ref = PolicyRef(name=OURS.name, version=OURS.version, digest=digest)
    assert KeptPolicies(tmp_path).find(ref).ref == ref


@pytest.mark.parametrize("name", sorted(EARLIER))
def test_the_built_in_ones_are_found_by_both_digests(tmp_path: Path, name: str) -> None:
    kept, policy = KeptPolicies(tmp_path), load_policy(BUILT_IN_POLICIES / f"{name}.toml")
    assert kept.find(policy.ref) == policy
    earlier = policy.ref.model_copy(update={"version": 1, "digest": EARLIER[name]})  # of that time
    assert kept.find(earlier).ref == earlier


def test_a_file_that_was_changed_is_not_taken_for_the_policy(tmp_path: Path) -> None:
    kept = KeptPolicies(tmp_path)
    kept.keep(OURS)
    path = tmp_path / f"{OURS.ref.digest}.json"
    path.write_text(path.read_text(encoding="utf-8").replace("2500", "9500"), encoding="utf-8")
    with pytest.raises(PolicyUnknownError, match="changed"):
        kept.find(OURS.ref)


def test_what_is_nowhere_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(PolicyUnknownError, match="ours version 3"):
        KeptPolicies(tmp_path).find(OURS.ref)
