"""`POST /orders` for the OpenAPI document, which cannot see a raw handler."""

from typing import Any, Final

import msgspec

from gateway.openapi import BEARER
from gateway.purchase.answers import PlacedOrder
from gateway.purchase.order_body import OrderBody


def _inline(kind: type) -> dict[str, Any]:
    """The JSON schema of a Struct with its references resolved, to stand alone in an operation."""
    schema, parts = msgspec.json.schema_components((kind,), ref_template="{name}")

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(parts[node["$ref"]])
            return {name: resolve(value) for name, value in node.items()}
        return [resolve(value) for value in node] if isinstance(node, list) else node

    found: dict[str, Any] = resolve(schema[0])
    return found


OPERATION: Final[dict[str, Any]] = {
    "tags": ["orders"],
    "summary": "Place an order",
    "operationId": "place_order",
    "description": (
        "Holds stock for one order, all lines or nothing, until `expires_at`. The 201 is sent after"
        " the hold is on disk. Send an Idempotency-Key: the same key and body answer the same"
        " order, so a request whose answer was lost is safe to send again."
    ),
    "security": BEARER,
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Printable ASCII; scope: the caller and the sale, at least 24 h.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _inline(OrderBody)}},
    },
    "responses": {
        "201": {
            "description": "The order, new or replayed (`Idempotent-Replayed: true`)",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": _inline(PlacedOrder)}},
        },
    },
}
