"""The OpenAPI document: what Litestar knows, and what the subjects add for their raw handlers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.router import Router
from litestar.routes import BaseRoute

from gateway.problems import KINDS
from gateway.settings import GatewaySettings

VERSION: Final = "0.1.0"
BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
"""`security` of an operation that needs an access token."""


def document_config(settings: GatewaySettings) -> OpenAPIConfig:
    """Litestar's part of the document."""
    return OpenAPIConfig(
        title=settings.app_name,
        version=VERSION,
        description=(
            "Sells limited stock to a crowd. Money is integer minor units, times are UTC."
            " Refusals are application/problem+json with one of the listed codes."
        ),
        use_handler_docstrings=True,
        operation_id_creator=_OperationIds(),
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
            }
        ),
        openapi_router=_Nowhere("/docs", route_handlers=[]),
    )


class _OperationIds:
    """An operation is called as its handler is; a further path of the handler says which."""

    def __init__(self) -> None:
        self._owners: dict[str, tuple[str, str]] = {}

    def __call__(self, handler: Any, method: Any, path: Sequence[Any]) -> str:
        name: str = handler.handler_name.removesuffix("_route")
        words = "_".join(str(getattr(part, "name", part)) for part in path)
        asked = (str(method), words)
        return name if self._owners.setdefault(name, asked) == asked else f"{name}_{words}"


class _Nowhere(Router):
    """Takes Litestar's own pages, which load from elsewhere, and serves none of them."""

    def register(self, _value: Any) -> list[BaseRoute]:
        """Forget it."""
        return []


def document_route(extra: Sequence[Mapping[str, Mapping[str, Any]]]) -> Any:
    """`GET /docs/openapi.json`. ``extra``: path items that the subjects add."""
    made: list[bytes] = []

    @get("/docs/openapi.json", include_in_schema=False)
    async def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
        """The OpenAPI document."""
        if not made:
            made.append(msgspec.json.encode(document(request.app, extra)))
        return Response(
            made[0], media_type="application/json", headers={"Cache-Control": "public, max-age=60"}
        )

    return openapi_json


def document(app: Litestar, extra: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The whole document as plain data."""
    made: dict[str, Any] = app.openapi_schema.to_schema()
    paths: dict[str, dict[str, Any]] = made.setdefault("paths", {})
    for items in extra:
        for path, item in items.items():
            paths[path] = {**paths.get(path, {}), **item}
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _problem_schema()
    made["x-problems"] = [
        {"code": code, "status": kind.status, "title": kind.title, "detail": kind.detail}
        for code, kind in KINDS.items()
    ]
    for item in paths.values():
        for operation in item.values():
            if isinstance(operation, dict):
                _refusals(operation)
                operation["summary"] = operation.get("description", "").partition("\n")[0]
    return made


def _refusals(operation: dict[str, Any]) -> None:
    """Any operation may be refused; Litestar documents its own shape for 400, which is not ours."""
    problem = {
        "description": "Refused",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    responses = operation.setdefault("responses", {})
    responses["400"] = {**problem, "description": "invalid_request"}
    responses["default"] = problem


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "A refusal (RFC 9457)",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text,
            "code": {"type": "string", "enum": sorted(KINDS)},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": text, "message": text},
                },
            },
        },
    }
