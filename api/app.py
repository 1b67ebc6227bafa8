"""The HTTP face of Cobuild: every route, every layer, made from ports and settings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import blake2b
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import errors
from api.idempotency import Answers, Idempotency, purge_now_and_then
from api.middleware import Door
from api.openapi import document
from api.outward import going_out
from api.ports import ApiPorts
from api.routes import (
    assignments,
    calendars,
    claims,
    demands,
    documents,
    escalations,
    evaluations,
    exports,
    health,
    households,
    imports,
    lifecycles,
    lives,
    members,
    modes,
    notices,
    offers,
    open311,
    overdue,
    points,
    prices,
    reference,
    registers,
    reports,
    resources,
    rollup,
    rounds,
    series,
    slots,
    stream,
    times,
    units,
    use,
    webhooks,
    whistles,
    words,
)
from api.services import Services, wire
from api.settings import ApiSettings

ROUTES = (
    demands,
    resources,
    assignments,
    claims,
    units,
    members,
    modes,
    rounds,
    escalations,
    points,
    registers,
    prices,
    stream,
    imports,
    overdue,
    series,
    evaluations,
    webhooks,
    exports,
    rollup,
    reports,
    documents,
    lifecycles,
    times,
    whistles,
    households,
    slots,
    offers,
    use,
    calendars,
    open311,
    notices,
    reference,
    words,
    health,
)
"""The busiest first: routes are tried in order."""


def create_app(ports: ApiPorts, settings: ApiSettings) -> FastAPI:
    """Return the app. It holds nothing but what came in by ``ports``; run its lifespan for the live stream.

    Call ``app.state.services.leave()`` before a server that waits for its connections is stopped.
    """
    services = wire(ports, settings)
    answers = Answers(ports.store)
    app = FastAPIOffline(  # its /docs loads nothing from elsewhere: an intranet has no CDN
        title="Cobuild 共建",
        summary="What is offered meets what is asked for.",
        version=version("cobuild"),
        lifespan=_lifespan(services, answers),
        redoc_url=None,
    )
    app.state.services = services
    secret = blake2b(b"idempotency", key=ports.master_key, digest_size=32).digest()
    # The layer added last is the outermost.
    app.add_middleware(Idempotency, answers=answers, clock=ports.clock, secret=secret)
    app.add_middleware(Door, settings=settings, under_way=services.under_way)
    errors.install(app)
    for router in (*(module.router for module in ROUTES), *lives.ROUTERS):
        # Taken over as they are: an included router would be searched twice for every request.
        app.router.routes.extend(router.routes)
    app.openapi = _cached(lambda: document(app, settings=settings))  # type: ignore[method-assign] # FastAPI's own way
    return app


def _lifespan(services: Services, answers: Answers) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        purge = purge_now_and_then(
            answers, clock=services.ports.clock, hours=services.settings.idempotency_hours, sleep=asyncio.sleep
        )
        tending = services.tending.run(every_s=services.settings.tend_s, sleep=asyncio.sleep)
        work = [services.stream.run(), purge, tending, *going_out(services)]
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            services.stream.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return lifespan


def _cached(make: Callable[[], dict[str, object]]) -> Callable[[], dict[str, object]]:
    made: list[dict[str, object]] = []

    def once() -> dict[str, object]:
        if not made:
            made.append(make())
        return made[0]

    return once
