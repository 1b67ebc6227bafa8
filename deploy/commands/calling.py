"""What commands share that ask a running Cobuild: a client, and what to say where it refuses or is not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import typer

from deploy.commands.terminal import err

LONG_S = 600
"""How long a list of thousands of rows may take."""


@contextmanager
def calling(url: str, *, token: str | None = None) -> Iterator[httpx.Client]:
    """Give a client of the server at ``url``; exit with 1 where nobody answers there."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=LONG_S) as client:
            yield client
    except httpx.TransportError as error:
        err.print(f"[red]cobuild:[/] no answer from {url} ({error}); is `cobuild up` running?", highlight=False)
        raise typer.Exit(1) from None


def checked(answer: httpx.Response) -> httpx.Response:
    """Return an answer whose body was read; where it is a problem, say which in both languages and exit with 1."""
    if answer.is_error:
        problem: dict[str, Any] = answer.json()
        messages = problem.get("messages", {})
        err.print(f"[red]{problem.get('code')}[/] {messages.get('zh', '')} {messages.get('en', '')}", highlight=False)
        if problem.get("detail"):
            err.print(problem["detail"], highlight=False)
        raise typer.Exit(1)
    return answer
