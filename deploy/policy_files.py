"""Policies that somebody names on the command line: a file, or the bare name of a shipped one."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from deploy.settings import BUILT_IN_POLICIES
from schemas.policy import Policy, load_policy


class PolicyFileError(Exception):
    """A file is no policy; the message names it, and what is wrong with which weight."""


def read_policy(named: Path) -> Policy:
    """Return the policy of a file; a bare name such as ``default`` stands for a shipped one. Raises PolicyFileError."""
    shipped = BUILT_IN_POLICIES / f"{named}.toml"
    path = shipped if not named.exists() and named.name == str(named) and shipped.exists() else named
    try:
        return load_policy(path)
    except OSError as error:
        names = ", ".join(sorted(each.stem for each in BUILT_IN_POLICIES.glob("*.toml")))
        raise PolicyFileError(f"{named}: {error.strerror}; a file is wanted, or one of {names}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyFileError(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        raise PolicyFileError(f"{path} is no policy: {_faults(error)}") from error


def read_policies(named: Sequence[Path]) -> list[Policy]:
    """Return several policies that can be told apart by name and version. Raises PolicyFileError."""
    found: dict[tuple[str, int], Path] = {}
    policies = []
    for path in named:
        policy = read_policy(path)
        before = found.setdefault((policy.name, policy.version), path)
        if before is not path:
            raise PolicyFileError(f"{before} and {path} are both {policy.name} version {policy.version}: rename one")
        policies.append(policy)
    return policies


def _faults(error: ValidationError) -> str:
    parts = error.errors(include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in parts)
