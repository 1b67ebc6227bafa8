"""Taking a need in that somebody brings from elsewhere: a hotline, say. Who called goes to the vault and into no event.

The vault comes first: a need that was acknowledged has its caller. Where the log then fails, what the vault had not
known before is taken out again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from anyio.to_thread import run_sync

from api.commands import Command
from api.entries import Entries
from api.positions import Position
from api.vault import Vault
from schemas.demands import Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Puts needs on the list."""

    demands: Entries[Demand]
    vault: Vault

    async def take_in(self, need: Demand, *, caller: Mapping[str, str], command: Command) -> Position:
        """Put a checked need of a generated id on the list; ``caller`` is what only the vault may know."""
        ref = caller_ref(need.demand_id)
        new = await run_sync(lambda: self._keep(ref, caller, command)) if caller else False
        try:
            return await self.demands.post(need, command=command, given_id=False)
        except BaseException:
            if new:
                await run_sync(self.vault.forget, ref)
            raise

    def _keep(self, ref: str, caller: Mapping[str, str], command: Command) -> bool:
        """Put a caller into the vault; return whether nothing was known before."""
        known = self.vault.knows(ref)
        self.vault.put(ref=ref, fields=caller, at=command.at)
        return not known


def caller_ref(demand_id: str) -> str:
    """Return under which reference the vault keeps who called about a need."""
    return f"demand:{demand_id}"
