"""Every policy that ever decided here, kept by digest: without it a round could not be recomputed."""

from pathlib import Path

from deploy.settings import BUILT_IN_POLICIES
from schemas.policy import Policy, load_policy
from schemas.rounds import PolicyRef


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
        """Return the policy that ``ref`` names; raise PolicyUnknownError where it is not kept."""
        path = self._path(ref)
        if path.exists():
            return Policy.model_validate_json(path.read_text(encoding="utf-8"))
        for built_in in sorted(BUILT_IN_POLICIES.glob("*.toml")):
            policy = load_policy(built_in)
            if policy.ref == ref:
                return policy
        raise PolicyUnknownError(
            f"policy {ref.name} version {ref.version} ({ref.digest}) is not kept in {self._directory}"
        )

    def _path(self, ref: PolicyRef) -> Path:
        return self._directory / f"{ref.digest}.json"
