"""A few words in which stories are told over HTTP."""

from typing import Any

from tests.apiworld import World


async def begins(world: World, path: str, **said: Any) -> str:
    """Begin a life; return where it is."""
    answer = await world.post(path, said)
    assert answer.status_code == 201, answer.text
    at: str = answer.headers["location"]
    return at


async def goes(world: World, at: str, action: str, **said: Any) -> None:
    """Take a step that must be possible."""
    answer = await world.post(f"{at}:{action}", said)
    assert answer.status_code == 200, answer.text


async def is_refused(world: World, path: str, **said: Any) -> dict[str, Any]:
    """Post what must be refused; return the problem."""
    answer = await world.post(path, said)
    assert 400 <= answer.status_code < 500, answer.text
    problem: dict[str, Any] = answer.json()
    return problem


async def now(world: World, at: str) -> dict[str, Any]:
    """Return how a life stands."""
    answer = await world.get(at)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def rows(world: World, path: str) -> list[dict[str, Any]]:
    """Return the rows of a list."""
    answer = await world.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found
