"""The page of the API works on an intranet: it loads nothing from elsewhere."""

import re

from tests.apiworld import World

_LOADED = re.compile(r"""(?:src|href)=["']([^"']+)["']""")


async def test_the_docs_page_loads_only_what_we_serve(world: World) -> None:
    page = await world.get("/docs")
    assert page.status_code == 200
    loaded = _LOADED.findall(page.text)
    assert len(loaded) >= 2
    for address in loaded:
        assert address.startswith("/"), address
        assert not address.startswith("//"), address
        assert (await world.get(address)).status_code == 200
