"""Posting to addresses that strangers named, without letting them reach what only we can reach.

1. A name is looked up once, every address it has is checked, and the connection goes to a checked address: a name
   that points elsewhere a moment later (DNS rebinding) gains nothing.
2. TLS is verified against the name, not the address. No redirect is followed, no proxy of the environment is used.
3. Each attempt has its own connection and ends after ``LIMIT_S`` seconds, whatever the receiver does. Of the answer
   only status and ``Retry-After`` are read.
"""

import asyncio
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

import httpx

from api.ports import Answered
from api.webhooks.addresses import is_public

LIMIT_S: Final = 20.0
_MOST_ADDRESSES: Final = 4


class _NotAllowedError(Exception):
    """The name has a private address."""


class HttpPoster:
    """The API's ``Poster`` on httpx; ``private`` lets it reach this machine and private networks."""

    def __init__(self, *, private: bool = False, limit_s: float = LIMIT_S) -> None:
        self._private = private
        self._limit_s = limit_s
        trusted = httpx.create_ssl_context(trust_env=False)
        trusted.load_default_certs()  # an intranet's own authority, as the system or SSL_CERT_FILE names it
        self._client = httpx.AsyncClient(
            verify=trusted,
            # A kept connection belongs to an address, and was verified for the name it was made for.
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=limit_s,
            follow_redirects=False,
            trust_env=False,
        )

    async def __call__(self, *, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Post once; never raises."""
        try:
            async with asyncio.timeout(self._limit_s):
                return await self._post(httpx.URL(url), headers, body)
        except (TimeoutError, httpx.TimeoutException):
            return Answered(None, "timeout")
        except _NotAllowedError:
            return Answered(None, "address_not_allowed")
        except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return Answered(None, "tls" if "CERTIFICATE" in str(error).upper() else "unreachable")

    async def close(self) -> None:
        """Let go of what is open."""
        await self._client.aclose()

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answered:
        addresses = await self._addresses(url)
        for place, address in enumerate(addresses):
            try:
                return await self._send(url, address, headers, body)
            except httpx.ConnectError:
                if place + 1 == len(addresses):
                    raise
        return Answered(None, "unreachable")

    async def _addresses(self, url: httpx.URL) -> list[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))[:_MOST_ADDRESSES]
        if not self._private and not all(is_public(ip_address(address)) for address in addresses):
            raise _NotAllowedError
        return addresses

    async def _send(self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Answered:
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            headers={"user-agent": "cobuild", **headers, "host": url.netloc.decode("ascii")},
            content=body,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        response = await self._client.send(request, stream=True)
        try:
            return Answered(response.status_code, None, response.headers.get("retry-after"))
        finally:
            await response.aclose()
