"""Every policy that ever decided here, kept by digest: without it a round could not be recomputed.

A digest is that of what a policy sets apart from the defaults. Records of before November 2026 hold the digest of
the whole policy, as its file holds it: they are found by it still.
"""

import json
from pathlib import Path
from typing import Final

from deploy.settings import BUILT_IN_POLICIES
from schemas.policy import Policy, digest_of, load_policy
from schemas.rounds import PolicyRef

_AT_FIRST: Final[dict[str, bool | set[str]]] = {
    "name": True,
    "version": True,
    "service": {"base"},
    "urgency": {"normal", "urgent", "whistle", "emergency"},
    "waiting": {"per_hour", "cap_hours"},
    "nearness": {"community", "street", "district", "city", "beyond"},
    "fit": {"exact", "sibling"},
    "rules": {"siblings", "gates", "answer_hours", "expiry_pause_hours"},
    "pace": {"interval_ms", "most_seats"},
}
"""All weights of the time when a digest was that of the whole; what joined since was no part of it."""


class PolicyUnknownError(LookupError):
    """No policy with this digest is kept here."""


class KeptPolicies:
    """A directory of policies, one JSON file each, named by digest; the built-in ones are always at hand."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, policy: Policy) -> None:
        """Write ``policy`` down unless it is there already."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(policy.ref)
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_text(policy.model_dump_json(indent=2) + "\n", encoding="utf-8")
            draft.replace(path)

    def find(self, ref: PolicyRef) -> Policy:
        """Return the policy that ``ref`` names; raise PolicyUnknownError where it is not kept, or not unchanged."""
        path = self._path(ref)
        if path.exists():
            return _read(path, ref)
        for policy in (Policy(), *(load_policy(path) for path in sorted(BUILT_IN_POLICIES.glob("*.toml")))):
            if policy.ref == ref:
                return policy
            if policy.ref.name == ref.name and digest_of(policy.model_dump_json(include=_AT_FIRST)) == ref.digest:
                return policy.recorded_as(ref.digest)
        raise PolicyUnknownError(
            f"policy {ref.name} version {ref.version} ({ref.digest}) is not kept in {self._directory}"
        )

    def _path(self, ref: PolicyRef) -> Path:
        return self._directory / f"{ref.digest}.json"


def _read(path: Path, ref: PolicyRef) -> Policy:
    """Return the policy of a kept file, known by the digest that is in its name."""
    text = path.read_text(encoding="utf-8")
    policy = Policy.model_validate_json(text)
    if policy.ref == ref:
        return policy
    whole = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    if digest_of(whole) != ref.digest:
        raise PolicyUnknownError(f"{path} does not hold what its name says: it was changed")
    return policy.recorded_as(ref.digest)
