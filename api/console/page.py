"""The page and its server side: one element that is told news and asks questions."""

import asyncio
import re
from typing import Any

import structlog
from nicegui import ui
from nicegui.elements import echart  # noqa: F401  (puts ECharts of the wheel on the page's import map)
from nicegui.events import GenericEventArguments

from api.console.board import UNSEEN, Board
from api.console.desk import Desk
from api.console.foresight import Foresight
from api.console.linkage import Linkage
from api.console.names import Message
from api.console.reasons import Reasons, why_message
from api.language import Language
from api.ports import Explainer
from api.whereabouts import why_demand
from schemas.refusals import Refused
from schemas.sharding import shard_of

_LOG = structlog.get_logger(__name__)
_PREFIX = re.compile(r"[1-9]\d(\d{2}(\d{2}(\d{3}(\d{3})?)?)?)?", re.ASCII)
EVERYWHERE = "all"


class Overview(ui.element, component="console.js", esm={"cobuild-console": "web"}):
    """The page in the browser; ``web/index.js`` draws it."""

    def __init__(self, *, texts: dict[str, dict[str, str]], names: dict[str, Any], language: Language) -> None:
        super().__init__()
        self._props["texts"] = texts
        self._props["names"] = names
        self._props["language"] = language

    def tell(self, message: Message) -> None:
        """Send a message to the page."""
        self.run_method("receive", message)


class Desktop:
    """One open page: what it looks at, and the answers to what it asks."""

    def __init__(
        self,
        element: Overview,
        *,
        desk: Desk,
        board: Board,
        reasons: Reasons,
        foresight: Foresight,
        linkage: Linkage,
        explainer: Explainer,
        shard_width: int,
    ) -> None:
        self.region = ""
        self.category = ""
        self.seq = UNSEEN
        self._element = element
        self._desk = desk
        self._board = board
        self._reasons = reasons
        self._foresight = foresight
        self._linkage = linkage
        self._explainer = explainer
        self._shard_width = shard_width
        element.on("ask", self._ask)

    def tell(self, message: Message) -> None:
        """Send a message to the page."""
        self._element.tell(message)

    async def _ask(self, event: GenericEventArguments) -> None:
        asked = event.args if isinstance(event.args, dict) else {}
        match asked.get("what"):
            case "watch":
                await self._watch(region=str(asked.get("region", "")), category=str(asked.get("category", "")))
            case "prices":
                await self._prices(str(asked.get("region", "")))
            case "levels":
                await self._levels({name: str(asked.get(name, "")) for name in ("region", "to", "state")})
            case "units":
                await self._units(item=str(asked.get("item", "")), street=str(asked.get("street", "")))
            case "assignment" | "demand" | "resource" | "decline" as kind:
                identity = str(asked.get("id", ""))
                answer = await self._reason(kind, identity)
                self.tell({"what": "answer", "of": kind, "id": identity, "answer": answer})

    async def _prices(self, asked: str) -> None:
        region = asked if _PREFIX.fullmatch(asked) else ""
        try:
            told = await self._foresight.prices(region)
        except Refused as refusal:
            _LOG.info("console_prices_refused", region=region, code=refusal.code)
            told = {"region": region, "failed": True}
        except Exception:
            _LOG.exception("console_prices_failed", region=region)
            told = {"region": region, "failed": True}
        self.tell({"what": "prices", "prices": told})

    async def _levels(self, asked: dict[str, str]) -> None:
        region = asked["region"] if _PREFIX.fullmatch(asked["region"]) else ""
        try:
            told = await self._linkage.look(region, to=asked["to"], state=asked["state"])
        except Exception:
            _LOG.exception("console_read_failed", region=region)
            told = {"region": region, "failed": True}
        self.tell({"what": "levels", "levels": told})

    async def _units(self, *, item: str, street: str) -> None:
        told: Message = {"what": "units", "item": item, "street": street, "units": []}
        try:
            if _PREFIX.fullmatch(street):
                told["units"] = await self._foresight.units(item, street)
        except Exception:
            _LOG.exception("console_read_failed")
            told["failed"] = True
        self.tell(told)

    async def _watch(self, *, region: str, category: str) -> None:
        if _PREFIX.fullmatch(region):
            self.region = region
        else:
            self.region = "" if region == EVERYWHERE else await self._home()
        self.category = category
        await self._board.watch(self)

    async def _home(self) -> str:
        try:
            return await asyncio.to_thread(self._desk.home)
        except Exception:
            _LOG.exception("console_read_failed")  # the board reads next, tells the viewer and tries again
            return ""

    async def _reason(self, kind: str, identity: str) -> Message:
        try:
            match kind:
                case "assignment":
                    found = await asyncio.to_thread(self._reasons.assignment, identity)
                case "resource":
                    found = await self._foresight.helper(identity)
                case "decline":
                    found = await self._foresight.decline(identity)
                case _:
                    found = await self._demand(identity)
        except Refused as refusal:
            _LOG.info("console_reasons_refused", kind=kind, id=identity, code=refusal.code)
            return {"missing": "not_open" if refusal.code == "not_found" else "explainer_busy"}
        except Exception:
            _LOG.exception("console_reasons_failed", kind=kind, id=identity)
            return {"missing": "explainer_busy"}
        return found or {"missing": "not_found"}

    async def _demand(self, demand_id: str) -> Message | None:
        detail = await asyncio.to_thread(self._reasons.detail, demand_id)
        if detail is None:
            return None
        found = await asyncio.to_thread(self._reasons.demand, detail)
        shard = shard_of(found["community"], self._shard_width)
        try:
            found_out = await why_demand(self._explainer, detail, home=shard)
            why = why_message(found_out, self._reasons.catalogue, self._reasons.regions)
        except Refused as refusal:
            _LOG.info("console_why_refused", demand_id=demand_id, code=refusal.code)
            why = None
        return {**found, "shard": shard, "why": why}
