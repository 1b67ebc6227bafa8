"""Where a party gets its e-mail: in the identity vault and nowhere else, under a reference and a key of its own."""

from datetime import datetime

from api.vault import Vault


class Mailboxes:
    """All calls block, run them in a thread."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def put(self, party: str, address: str, *, now: datetime) -> None:
        """Keep an address; the one before is gone."""
        self._vault.put(ref=_ref(party), fields={"email": address}, at=now)

    def read(self, party: str, *, reason: str) -> str | None:
        """Return the address, or None; whoever reads it is logged with the reason."""
        fields = self._vault.read(ref=_ref(party), reason=reason)
        return None if fields is None else fields["email"]

    def knows(self, party: str) -> bool:
        """Whether there is one; reads nothing."""
        return self._vault.knows(_ref(party))

    def forget(self, party: str) -> bool:
        """Destroy the key and what it sealed; return whether there was something."""
        return self._vault.forget(_ref(party))


def _ref(party: str) -> str:
    return f"address:{party}"
