"""The OpenAPI document: what FastAPI finds in the routes, and what the layers around them add."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import examples, problem_responses
from api.idempotency import HEADER, takes_key
from api.middleware import needs_token
from api.problems import Problem
from api.settings import ApiSettings

DESCRIPTION = """
Cobuild (共建) matches what resident units and Party members offer with what communities ask for.

* **Writes** answer with `Cobuild-Position`; hand it to a read as `Cobuild-At-Least` to read your own write.
* **Changes** say with `If-Match` which version they were made for.
* **POSTs** take an `Idempotency-Key`: a repeat gets the first answer again. Mere questions (`:preview`, `:replay`,
  `:suggest`, `:duplicates`) take none.
* **Errors** are problem details (RFC 9457) with a stable `code`; see [/problems](/problems).
* **Times** carry an offset; regions are division codes or their leading digits.
"""
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A word of yours, 1 to 255 printable ASCII characters: the same request with it counts once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def document(app: FastAPI, *, settings: ApiSettings) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``."""
    found: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=DESCRIPTION, routes=app.routes
    )
    schemas = found["components"]["schemas"]
    schemas |= _problem_schemas()
    found["components"]["examples"] = examples()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method=method, path=path, settings=settings)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    if settings.api_token is not None:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return found


def _complete(operation: dict[str, Any], *, method: str, path: str, settings: ApiSettings) -> None:
    default = operation["responses"].get("422", {})
    if default.get("description") == "Validation Error":
        # FastAPI adds its own wherever there is a parameter; ours says what it looks like, if it can happen.
        del operation["responses"]["422"]
    if not path.startswith("/v1/"):
        return
    operation["responses"]["500"] = problem_responses("internal_error")[500]
    if method == "post" and takes_key(path):
        operation.setdefault("parameters", []).append(_KEY)
    if settings.api_token is not None and needs_token(method=method.upper(), path=path):
        operation["security"] = [{"token": []}]


def _problem_schemas() -> dict[str, Any]:
    whole = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = whole.pop("$defs")
    return parts | {"Problem": whole}
