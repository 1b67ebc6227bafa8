"""The OpenAPI document in the repository: written from the code, and held against it.

python -m api.contract write|check
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.app import create_app
from api.ports import ApiPorts, Bell, Finding
from api.readmodel.model import ReadModel
from api.settings import ApiSettings
from api.store import open_store
from api.vault import KEY_BYTES
from schemas.base import Fact
from schemas.catalogue import load_catalogue
from schemas.demands import Demand
from schemas.envelope import Event
from schemas.preview import DeclinePreview, DemandPreview, OfferPreview, PriceBoard
from schemas.refusals import Refused
from schemas.regions import Regions
from schemas.replay import RoundReplay
from schemas.resources import Resource
from schemas.rounds import RoundDecided
from schemas.why import DemandWhy

PATH = Path("docs/contracts/openapi.json")


class _Nothing:
    """Ports of an app that only describes itself."""

    async def publish(self, events: Sequence[Event[Fact]]) -> Sequence[tuple[str, int, int]]:
        raise Refused("unavailable")

    async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
        raise Refused("unavailable")

    async def preview_demand(self, *, demand: Demand, shard: str) -> DemandPreview:
        raise Refused("unavailable")

    async def preview_offer(self, *, resource: Resource, shard: str) -> OfferPreview:
        raise Refused("unavailable")

    async def demands_for(self, *, resource_id: str, shard: str) -> OfferPreview:
        raise Refused("unavailable")

    async def preview_decline(self, *, assignment_id: str, shard: str) -> DeclinePreview:
        raise Refused("unavailable")

    async def replay(self, recorded: RoundDecided) -> RoundReplay:
        raise Refused("unavailable")

    async def prices(self, *, shard: str) -> PriceBoard:
        raise Refused("unavailable")

    async def __call__(self) -> Sequence[Finding]:
        return ()

    def now(self) -> datetime:
        return datetime.now(UTC)


def render() -> str:
    """Return the document as it stands in the repository; with the token, as every larger house has one."""
    nothing = _Nothing()
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as directory:
        model = ReadModel(f"sqlite:///{directory}/readmodel.sqlite3", catalogue=catalogue)
        store = open_store(Path(directory) / "api.sqlite3")
        ports = ApiPorts(
            sink=nothing,
            read_model=model,
            explainer=nothing,
            replayer=nothing,
            store=store,
            master_key=bytes(KEY_BYTES),
            clock=nothing,
            changed=Bell(),
            readiness=nothing,
            catalogue=catalogue,
            regions=Regions.builtin("cn"),
        )
        found: dict[str, Any] = create_app(ports, ApiSettings.model_validate({"api_token": "set"})).openapi()
        model.close()
        store.dispose()
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(path: Path = PATH) -> bool:
    """Write the document; return whether it changed."""
    fresh = render()
    if path.exists() and path.read_text(encoding="utf-8") == fresh:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fresh, encoding="utf-8")
    return True


def check(path: Path = PATH) -> list[str]:
    """Return what keeps the repository's document from being the code's; empty where they agree."""
    if not path.exists():
        return [f"{path} is missing: python -m api.contract write"]
    if path.read_text(encoding="utf-8") != render():
        return [f"{path} is not what the code says: python -m api.contract write"]
    return []


def main() -> int:
    """Write or check, as the first argument says."""
    match sys.argv[1:]:
        case ["write"]:
            write()
            return 0
        case ["check"]:
            found = check()
            sys.stderr.writelines(f"{line}\n" for line in found)
            return 1 if found else 0
        case _:
            sys.stderr.write("python -m api.contract write|check\n")
            return 2


if __name__ == "__main__":
    sys.exit(main())
