"""Whether this process lives, and whether it may be sent customers."""

from typing import Any

from litestar import Response, get
from msgspec import Struct

from gateway.operations.readiness import Check, Readiness
from gateway.process import Process


class Health(Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Ready(Struct, frozen=True):
    """``status``: ready or not_ready, and every check with its reason."""

    status: str
    checks: list[Check]


@get("/healthz", tags=["operations"])
async def healthz() -> Health:
    """Say that the process answers. Touches nothing."""
    return Health()


def readyz_route(process: Process) -> Any:
    """`GET /readyz`."""
    readiness = Readiness(process)

    @get("/readyz", tags=["operations"])
    async def readyz() -> Response[Ready]:
        """Say whether customers may be sent here: store, scripts, database, not shutting down."""
        checks = await readiness.checks()
        ok = all(check.ok for check in checks)
        return Response(
            Ready("ready" if ok else "not_ready", checks),
            status_code=200 if ok else 503,
            headers={"Cache-Control": "no-store"} | ({} if ok else {"Retry-After": "1"}),
        )

    return readyz
