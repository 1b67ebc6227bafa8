"""What all commands share at the terminal: consoles, settings from options, and one line for a known error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.settings import CobuildSettings

out = Console()
err = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option(help="Where all state lies; else COBUILD_DATA_DIR, else .cobuild.")]
Kafka = Annotated[str | None, typer.Option(help="Brokers, HOST:PORT; else COBUILD_KAFKA, else the embedded log.")]
Url = Annotated[str, typer.Option(help="A running Cobuild.", envvar="COBUILD_URL")]
Token = Annotated[str | None, typer.Option(envvar="COBUILD_API_TOKEN", help="Where the server asks for one.")]
LOCAL = "http://127.0.0.1:8080"


def bar_of(what: str) -> Progress:
    """Return a bar that counts ``what`` and says how long it takes; it goes when it is done."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True)


def settings_from(**options: Any) -> CobuildSettings:
    """Return the settings of the environment with the given options over them; exit with 2 where they do not hold."""
    try:
        return CobuildSettings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        for part in error.errors(include_url=False, include_context=False):
            name = ".".join(str(step) for step in part["loc"]) or "settings"
            err.print(f"[red]{name}[/]: {part['msg'].removeprefix('Value error, ')}")
        raise typer.Exit(2) from None


def settings_for_kafka(**options: Any) -> CobuildSettings:
    """Return settings as ``settings_from`` for a command that cannot do without brokers; exit with 2 without them."""
    settings = settings_from(**options)
    if settings.kafka is None:
        err.print("[red]cobuild:[/] this needs Kafka's brokers: --kafka HOST:PORT or COBUILD_KAFKA", highlight=False)
        raise typer.Exit(2)
    return settings


@contextmanager
def told(*known: type[BaseException]) -> Iterator[None]:
    """Turn known errors into one line on standard error and exit code 1; others keep their traceback."""
    try:
        yield
    except known as error:
        err.print(f"[red]cobuild:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
