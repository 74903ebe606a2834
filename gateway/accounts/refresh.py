"""POST /auth/refresh: a refresh token for the next pair."""

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from gateway.accounts.revoke import end_session
from gateway.accounts.sessions import Reused, Rotated, rotate
from gateway.accounts.sign_in import Tokens, issue, refresh_lifetime
from gateway.problems import Refused
from gateway.process import Process, process_of


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    """The token of the last sign-in or refresh; it is good once."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=512)]


@post("/auth/refresh", status_code=200, tags=["accounts"])
async def refresh_route(
    request: Request[Any, Any, Any], data: JSONBody[Refresh]
) -> Response[Tokens]:
    """Exchange a refresh token for new tokens. One that comes twice ends its session."""
    tokens = await refresh(process_of(request), data.refresh_token)
    return Response(tokens, headers={"Cache-Control": "no-store"})


async def refresh(process: Process, refresh_token: str) -> Tokens:
    """Continue a session. Raises Refused (unauthenticated), StoreUnreachable."""
    async with process.database.begin() as connection:
        found = await rotate(connection, refresh_token, refresh_lifetime(process))
        if isinstance(found, Reused):
            await end_session(process, connection, found.user_id, found.session_id)
    if not isinstance(found, Rotated):
        raise Refused("unauthenticated", "The refresh token is not good.")
    return issue(
        process,
        found.user_id,
        found.session_id,
        found.role,
        found.token_version,
        found.refresh_token,
    )
