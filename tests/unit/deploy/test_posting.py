"""The poster on real sockets: what it reaches, what it does not, and that it never raises."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from api.webhooks.addresses import is_public
from deploy.posting import HttpPoster
from tests.certificates import certificate, serving
from tests.receiver import Receiver, receiving


@pytest.fixture
async def post() -> AsyncIterator[HttpPoster]:
    poster = HttpPoster(private=True, limit_s=5.0)
    yield poster
    await poster.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def _posted(url: str) -> tuple[int | None, str | None]:
    poster = HttpPoster(private=True, limit_s=5.0)
    answered = await poster(url=url, headers={}, body=b"{}")
    await poster.close()
    return answered.status, answered.error


async def test_the_name_is_what_the_certificate_is_held_against(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path, name="localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with receiving(tls=serving(path)) as secure:
        assert await _posted(f"https://localhost:{secure.port}/hook") == (204, None)
        assert await _posted(f"https://127.0.0.1:{secure.port}/hook") == (None, "tls")
        assert [got.headers["host"] for got in secure.got] == [f"localhost:{secure.port}"]


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    async with receiving(tls=serving(certificate(tmp_path, name="localhost"))) as secure:
        assert await _posted(f"https://localhost:{secure.port}/hook") == (None, "tls")
        assert secure.got == []


async def test_without_leave_nothing_of_this_machine_is_reached(receiver: Receiver) -> None:
    poster = HttpPoster(limit_s=5.0)
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"):  # noqa: S104 - a target, not a listener
        answered = await poster(url=f"http://{host}:{receiver.port}/", headers={}, body=b"")
        assert (answered.status, answered.error) == (None, "address_not_allowed"), host
    await poster.close()
    assert receiver.got == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1", False),
        ("::ffff:192.168.1.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


async def test_whatever_the_receiver_says_it_is_an_answer(post: HttpPoster) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"no HTTP at all\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answered = await post(url=f"http://127.0.0.1:{port}/", headers={}, body=b"{}")
    assert (answered.status, answered.error) == (None, "unreachable")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "http://[::1", "http://a..b/"])
async def test_what_cannot_be_reached_is_told_not_raised(post: HttpPoster, url: str) -> None:
    answered = await post(url=url, headers={}, body=b"{}")
    assert (answered.status, answered.error) == (None, "unreachable")


async def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert await _posted(receiver.url) == (204, None)
