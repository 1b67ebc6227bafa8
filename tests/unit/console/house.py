"""One console page without a browser: its parts over a town, and an element that remembers what it was told."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

from api.console.board import Board
from api.console.desk import Desk
from api.console.foresight import Foresight
from api.console.linkage import Linkage
from api.console.names import Message
from api.console.page import Desktop, Overview
from api.console.reasons import Reasons
from api.readmodel.model import ReadModel
from schemas.catalogue import Catalogue
from schemas.regions import Regions
from tests.e2e.seed import Town
from tests.e2e.serve import TownExplainer, WallClock

HERE = "310105001001"


class FakeElement:
    """What the browser would be told, and a way to ask as it does."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self._asked: Callable[[Any], Awaitable[None]] | None = None

    def on(self, name: str, handler: Callable[[Any], Awaitable[None]]) -> None:
        assert name == "ask"
        self._asked = handler

    def tell(self, message: Message) -> None:
        self.told.append(message)

    async def ask(self, **asked: Any) -> Message:
        assert self._asked
        await self._asked(SimpleNamespace(args=asked))
        return self.told[-1]


class House:
    """The parts behind one page."""

    def __init__(self, model: ReadModel, catalogue: Catalogue, regions: Regions) -> None:
        self.model = model
        self.regions = regions
        self.town = Town(model=model, catalogue=catalogue, regions=regions)
        self.desk = Desk(model=model, regions=regions, clock=WallClock())
        self.board = Board(desk=self.desk)
        self.reasons = Reasons(
            model=model, regions=regions, providers=self.desk.providers, clock=WallClock(), catalogue=catalogue
        )

    def page(self, explainer: Any = None) -> tuple[FakeElement, Desktop]:
        element, explainer = FakeElement(), explainer or TownExplainer(self.town)
        foresight = Foresight(
            model=self.model, explainer=explainer, regions=self.regions, providers=self.desk.providers, shard_width=6
        )
        desktop = Desktop(
            cast(Overview, element),
            desk=self.desk,
            board=self.board,
            reasons=self.reasons,
            foresight=foresight,
            linkage=Linkage(model=self.model, regions=self.regions, clock=WallClock()),
            explainer=explainer,
            shard_width=6,
        )
        return element, desktop
