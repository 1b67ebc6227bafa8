"""The house whose answers Schemathesis holds against the OpenAPI document, and what it looks at.

A read may ask for a position that nobody wrote; then ``read_model_behind`` is the right answer, and the only 5xx that
passes.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckContext
from schemathesis.config import CoveragePhaseConfig, PhasesConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.bodies import MEMBER_EXAMPLE, UNIT_EXAMPLE
from api.settings import ApiSettings
from schemas.lives import LIFECYCLES
from tests.apiworld import demand, ports_in, resource

PLURALS = "|".join(lifecycle.plural for lifecycle in LIFECYCLES)
OF_LIVES = rf"^/v1/({PLURALS})([/:]|$)"
"""Addresses that follow from tables."""
OFTEN = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def documented(directory: Path, *, coverage: bool) -> Iterator[schemathesis.BaseSchema]:
    """Open a house in ``directory``; ``coverage`` asks for the edges of every schema as well as for examples."""
    ports, *_ = ports_in(directory)
    app = create_app(ports, ApiSettings(read_wait_s=0.02, poll_s=0.05))
    asyncio.run(_fill(app))
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=coverage))
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(phases=phases)))
    yield schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    ports.read_model.close()
    ports.store.dispose()


async def _fill(app: FastAPI) -> None:
    """Put something on the lists under the ids that the document gives as examples."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cobuild") as client:
        await client.post("/v1/demands", json=demand(demand_id="d-20261121-0001"))
        await client.post("/v1/resources", json=resource(resource_id="d-20261121-0001"))
        await client.post("/v1/members", json=MEMBER_EXAMPLE | {"member_ref": "m-7f3a"})
        await client.post("/v1/units", json=UNIT_EXAMPLE)


def no_fault_of_ours(_: CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    if response.status_code >= 500:
        assert (case.method, response.json()["code"]) == ("GET", "read_model_behind"), response.text


CHECKS = [no_fault_of_ours, status_code_conformance, content_type_conformance, response_schema_conformance]
