"""Hanging the console into the application."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from fastapi import FastAPI
from nicegui import Client, ui
from nicegui import app as nicegui_app
from starlette.requests import Request
from starlette.responses import RedirectResponse

from api.console import names
from api.console.board import Board
from api.console.desk import Desk
from api.console.foresight import Foresight
from api.console.labels import labels
from api.console.linkage import Linkage
from api.console.page import Desktop, Overview
from api.console.reasons import Reasons
from api.console.texts import TEXTS, table
from api.language import Language
from api.ports import Clock, Explainer, Signal
from api.readmodel.model import ReadModel
from schemas.catalogue import Catalogue
from schemas.regions import Regions
from schemas.sharding import DISTRICT

CONSOLE = "/console"
"""Where the page lies; everything it loads lies below. Apart from the API's paths, so that these stay the API's."""

_MIDDLEWARE = tuple(nicegui_app.user_middleware)
_WEB = Path(__file__).parent / "web"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#C8102E"/>'
    '<text x="16" y="23" font-size="20" font-weight="700" text-anchor="middle" fill="#fff">共</text></svg>'
)


@dataclass(frozen=True, kw_only=True)
class ConsolePorts:
    """What the console needs of the house.

    ``applied`` rings when the projector took something in; without it the console looks twice a second.
    """

    model: ReadModel
    explainer: Explainer
    regions: Regions
    catalogue: Catalogue
    clock: Clock
    applied: Signal | None = None
    shard_width: int = DISTRICT
    language: Language = "zh"
    """Spoken to who neither chose one before nor asks for one by ``?lang=``."""


def mount(app: FastAPI, ports: ConsolePorts) -> None:
    """Serve the overview of ``app`` at ``/console/`` and lead ``/`` there.

    NiceGUI keeps one application per process: a house opened later takes the page over from the one before.
    """
    desk = Desk(model=ports.model, regions=ports.regions, clock=ports.clock)
    reasons = Reasons(
        model=ports.model, regions=ports.regions, providers=desk.providers, clock=ports.clock, catalogue=ports.catalogue
    )
    foresight = Foresight(
        model=ports.model, explainer=ports.explainer, regions=ports.regions, providers=desk.providers,
        shard_width=ports.shard_width,
    )  # fmt: skip
    linkage = Linkage(model=ports.model, regions=ports.regions, clock=ports.clock)
    board = Board(desk=desk, applied=ports.applied)
    texts = {language: table(language) | labels(language) for language in get_args(Language)}
    called = names.catalogue_names(ports.catalogue)
    style = (_WEB / "console.css").read_text(encoding="utf-8")

    @ui.page("/", title=TEXTS["title"].zh, language="zh-CN", favicon=_ICON)
    def overview(client: Client) -> None:
        ui.add_head_html(f"<style>{style}</style>")
        element = Overview(texts=texts, names=called, language=ports.language)
        desktop = Desktop(
            element, desk=desk, board=board, reasons=reasons, foresight=foresight, linkage=linkage,
            explainer=ports.explainer, shard_width=ports.shard_width,
        )  # fmt: skip
        client.on_delete(lambda: board.leave(desktop))

    @app.get("/", include_in_schema=False)
    def root(request: Request) -> RedirectResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{CONSOLE[1:]}/{query}")  # relative: right behind a proxy's prefix too

    nicegui_app.on_shutdown(board.close)
    nicegui_app.user_middleware[:] = _MIDDLEWARE  # what an earlier house added; ``run_with`` adds it again
    nicegui_app.middleware_stack = None
    ui.run_with(
        app,
        title=TEXTS["title"].zh,
        favicon=_ICON,
        mount_path=CONSOLE,
        dark=None,  # as the system has it
        tailwind=False,  # our own style sheet; no compiler in the browser
        binding_refresh_interval=None,
        reconnect_timeout=15.0,
        show_welcome_message=False,
        storage_secret=None,  # no storage, hence no cookie: what a reader chose stays in the browser
    )
