"""The console beside the API on one application."""

from pathlib import Path

import httpx
import pytest

from tests.e2e.serve import build


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    made = [tmp_path / name for name in ("first", "second")]
    for place in made:
        place.mkdir()
    return made


async def test_every_house_of_a_process_gets_its_console(places: list[Path]) -> None:
    for place in places:
        app = build(data=place, empty=True, live=False)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://street.example", follow_redirects=True) as client,
        ):
            page = await client.get("/")
            assert page.status_code == 200
            assert str(page.url) == "http://street.example/console/"
            assert "共建 Cobuild" in page.text
            assert "set-cookie" not in page.headers
            assert (await client.get("/console")).status_code == 200
            assert (await client.get("/console/favicon.ico")).headers["content-type"].startswith("image/svg+xml")


async def test_what_is_not_there_stays_the_apis_to_answer(places: list[Path]) -> None:
    app = build(data=places[0], empty=True, live=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://street.example") as client,
    ):
        answer = await client.get("/v1/nothing")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
