"""Taking a need in that somebody brings from elsewhere: a hotline, say. Who called goes to the vault and into no event.

The vault comes first: a need that was acknowledged has its caller. Where the log then fails, what the vault had not
known before is taken out again; not where the need is on the log, and only the lists are late.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from anyio.to_thread import run_sync

from api.commands import Command
from api.entries import Change
from api.living import Living
from api.vault import Vault
from schemas.lives.demand import DemandCollected
from schemas.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes needs down: people verify and publish them as every other."""

    living: Living
    vault: Vault

    async def take_in(self, need: DemandCollected, *, caller: Mapping[str, str], command: Command) -> Change:
        """Take down a need of a generated id; ``caller`` is what only the vault may know."""
        ref = caller_ref(need.id)
        new = await run_sync(lambda: self._keep(ref, caller, command)) if caller else False
        try:
            return await self.living.begin(need, given_id=False, command=command)
        except BaseException as error:
            if new and not (isinstance(error, Refused) and error.code == "read_model_behind"):
                await run_sync(self.vault.forget, ref)
            raise

    def _keep(self, ref: str, caller: Mapping[str, str], command: Command) -> bool:
        """Put a caller into the vault; return whether nothing was known before."""
        known = self.vault.knows(ref)
        self.vault.put(ref=ref, fields=caller, at=command.at)
        return not known


def caller_ref(need_id: str) -> str:
    """Return under which reference the vault keeps who called about a need."""
    return f"demand:{need_id}"
