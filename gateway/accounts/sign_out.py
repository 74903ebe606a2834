"""POST /auth/logout: end this session."""

from typing import Any

from litestar import Request, post

from gateway.accounts.guards import CurrentUser, signed_in
from gateway.accounts.revoke import end_session
from gateway.openapi import BEARER
from gateway.process import process_of


@post("/auth/logout", status_code=204, guards=[signed_in], security=BEARER, tags=["accounts"])
async def sign_out_route(request: Request[CurrentUser, Any, Any]) -> None:
    """End the session: its access token is dead on every gateway within a second."""
    process, user = process_of(request), request.user
    async with process.database.begin() as connection:
        await end_session(process, connection, user.id, user.session_id)
