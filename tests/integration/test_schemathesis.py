"""Schemathesis over the whole OpenAPI document: no fault of ours, and no answer that the document does not have.

The stream is left out: it never ends. A read may ask for a position that nobody wrote; then ``read_model_behind``
is the right answer, and the only 5xx that passes.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckContext
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

_document = schemathesis.pytest.from_fixture("document").exclude(path="/v1/stream")
_PLURALS = "|".join(lifecycle.plural for lifecycle in LIFECYCLES)
_OF_LIVES = rf"^/v1/({_PLURALS})([/:]|$)"
_STEPS = rf"^/v1/({_PLURALS})/{{life_id}}:"
_SOME_STEPS = r"^/v1/(needs|tasks)/"
schema = _document.exclude(path_regex=_OF_LIVES)
lives_schema = _document.include(path_regex=_OF_LIVES).exclude(
    lambda found: bool(re.match(_STEPS, found.operation.path)) and not re.match(_SOME_STEPS, found.operation.path)
)
"""Addresses that follow from tables share their code: each is tried less often, steps those of two kinds."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    directory: Path = tmp_path_factory.mktemp("house")
    ports, *_ = ports_in(directory)
    app = create_app(ports, ApiSettings(read_wait_s=0.02, poll_s=0.05))
    asyncio.run(_fill(app))
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
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


_CHECKS = [no_fault_of_ours, status_code_conformance, content_type_conformance, response_schema_conformance]
_OFTEN = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@schema.parametrize()
@_OFTEN
def test_every_answer_is_in_the_document(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=_CHECKS)


@pytest.mark.slow
@lives_schema.parametrize()
@settings(_OFTEN, max_examples=2)
def test_every_answer_about_a_life_is_in_the_document(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=_CHECKS)
