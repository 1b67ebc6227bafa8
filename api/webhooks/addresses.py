"""Which addresses a webhook may have, as far as they say so themselves; names are looked up where they are posted to.

1. ``https`` only, on any port, without user, password or fragment.
2. No address of this machine, of a private network, or otherwise not of the public internet; nor one that wraps such an
   address (IPv4 in IPv6, NAT64, 6to4).
3. Where the house says that private addresses are fine (an intranet, tests), both rules are off, and ``http`` is taken.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from schemas.refusals import Refused

_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address lies on the public internet."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            wrapped = IPv4Address(int(address) & 0xFFFF_FFFF)
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast


def checked(url: str, *, private: bool) -> str:
    """Return ``url``; raise Refused ``invalid_value`` or ``address_not_allowed``."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise Refused("invalid_value", "not an address", field="#/url") from None
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused("invalid_value", "https://host/path, without user, password or fragment", field="#/url")
    if parts.scheme not in ("https", "http"):
        raise Refused("invalid_value", "https://…", field="#/url")
    if not private and (parts.scheme != "https" or not _may_be_public(host)):
        raise Refused("address_not_allowed", "https, and no private address", field="#/url")
    return url


def _may_be_public(host: str) -> bool:
    try:
        return is_public(ip_address(host))
    except ValueError:
        return "." in host and not host.lower().endswith(_LOCAL_NAMES)
