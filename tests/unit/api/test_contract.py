"""The committed OpenAPI document is the code's, and says all that clients need to know."""

import json
from pathlib import Path
from typing import Any

import pytest

from api import contract
from api.errors import STATUS
from api.idempotency import QUESTIONS

COMMITTED = Path(__file__).parents[3] / contract.PATH


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(contract.render())
    return found


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, each) for path, ops in document["paths"].items() for method, each in ops.items()]


def test_the_committed_document_has_not_drifted() -> None:
    assert contract.check(COMMITTED) == []


def test_drift_is_found_and_mended(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    assert contract.check(path)
    assert contract.write(path)
    assert contract.check(path) == []
    assert not contract.write(path)
    path.write_text(path.read_text().replace("postDemand", "putDemand"))
    assert contract.check(path)


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(document: dict[str, Any]) -> None:
    found = _operations(document)
    assert len({each["operationId"] for _, _, each in found}) == len(found)
    assert all(each["summary"] and each["tags"] for _, _, each in found)


def test_every_refusal_is_documented_as_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and path != "/readyz":
                (kind,) = response["content"]
                assert kind == "application/problem+json", (method, path, status)
                assert response["content"][kind]["examples"], (method, path, status)
    assert set(document["components"]["examples"]) == set(STATUS)


def test_every_post_takes_an_idempotency_key_and_every_write_and_what_is_confidential_the_token(
    document: dict[str, Any],
) -> None:
    for method, path, operation in _operations(document):
        names = [parameter["name"] for parameter in operation.get("parameters", [])]
        assert ("Idempotency-Key" in names) == (method == "post" and not path.endswith(QUESTIONS)), (
            method,
            path,
        )
        confidential = path.startswith(("/v1/webhooks", "/v1/notices"))
        guarded = method in ("post", "put", "patch", "delete") or confidential
        assert ("security" in operation) == guarded, (method, path)
        assert not confidential or "401" in operation["responses"], (method, path)


def test_no_reference_leads_nowhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [ref for value in node.values() for ref in references(value)]
        return [ref for value in node for ref in references(value)] if isinstance(node, list) else []

    for reference in references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
