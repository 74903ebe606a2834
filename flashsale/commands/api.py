"""The engine's HTTP API for commands: over the network, or inside this process.

Without a URL the gateway's application itself is called, against the servers of the environment:
the same rules, the same audit log, no gateway needed. It acts as the first active admin.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx

from flashsale.commands.failures import FAILED, UNREACHABLE, CommandFailed
from flashsale.environment import Environment, read_environment
from flashsale.variables import read_variables

TIMEOUT_S: Final = 30.0


class Api:
    """Calls that answer JSON, or raise CommandFailed with what the engine said."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:
        """GET."""
        return await self._call("GET", path, None)

    async def post(self, path: str, body: Any = None) -> Any:
        """POST."""
        return await self._call("POST", path, body)

    async def _call(self, method: str, path: str, body: Any) -> Any:
        answer = await self._client.request(method, path, json=body, headers=self._headers)
        return read_answer(answer)


def read_answer(answer: httpx.Response) -> Any:
    """Return the body of a good answer. Raises CommandFailed with the problem's own words."""
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
        said = problem.get("detail") or problem["title"]
        fields = "".join(
            f"\n  {one['field']}: {one['message']}" for one in problem.get("errors", ())
        )
        code = problem.get("code", "")
    except (ValueError, KeyError, AttributeError):
        said, fields, code = answer.text[:200], "", ""
    hint = "sign in as an admin: --token, or --email" if answer.status_code in {401, 403} else ""
    exit_code = UNREACHABLE if answer.status_code == 503 else FAILED
    raise CommandFailed(f"{said} ({answer.status_code} {code}){fields}", hint, exit_code)


@contextlib.asynccontextmanager
async def open_api(
    url: str | None, token: str | None, email: str | None, password: str | None
) -> AsyncIterator[Api]:
    """Reach the engine at ``url``, or without one inside this process.

    Raises CommandFailed, WrongEnvironment, httpx.TransportError.
    """
    if url is None:
        async with _inside(read_environment(read_variables())) as api:
            yield api
        return
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as client:
        yield Api(client, token or await _sign_in(client, email, password))


async def _sign_in(client: httpx.AsyncClient, email: str | None, password: str | None) -> str:
    if not email or not password:
        raise CommandFailed(
            "who are you?", "give --token (FLASHSALE_TOKEN), or --email and FLASHSALE_PASSWORD"
        )
    answer = await client.post("/auth/login", json={"email": email, "password": password})
    return str(read_answer(answer)["access_token"])


@contextlib.asynccontextmanager
async def _inside(environment: Environment) -> AsyncIterator[Api]:
    from gateway.app import create_app

    app = create_app(
        environment.gateway,
        environment.valkey,
        environment.database,
        environment.providers,
        environment.money,
    )
    transport = httpx.ASGITransport(app)
    async with (
        app.litestar.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://inside") as client,
    ):
        yield Api(client, await _mint(environment, app))


async def _mint(environment: Environment, app: Any) -> str:
    """A token of the first admin."""
    import uuid

    from sqlalchemy import text

    from gateway.accounts.tokens import issue_access_token

    async with app.process.database.connect() as connection:
        admin = (
            await connection.execute(
                text(
                    "SELECT id, token_version FROM users WHERE role = 'admin' AND is_active"
                    " ORDER BY id LIMIT 1"
                )
            )
        ).first()
    if admin is None:
        raise CommandFailed("there is no admin", "make one: flashsale user create-admin EMAIL")
    return issue_access_token(
        environment.gateway,
        user_id=admin.id,
        session_id=uuid.uuid4(),
        role="admin",
        version=admin.token_version,
    )
