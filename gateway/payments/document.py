"""`POST /webhooks/<provider>` for the OpenAPI document, which cannot see a raw handler."""

from typing import Any


def operation(provider: str) -> dict[str, Any]:
    """The operation of one provider."""
    return {
        "tags": ["payments"],
        "summary": f"What {provider} tells of payments",
        "operationId": f"webhook_{provider}",
        "description": (
            "Signed by the provider over the raw body. 200 once the event is durable and has had"
            " its effect, also for one that came before and for one that does not concern us."
        ),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "responses": {
            "200": {
                "description": "Received",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"received": {"type": "boolean"}},
                            "required": ["received"],
                        }
                    }
                },
            }
        },
    }
