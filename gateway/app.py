"""Puts the application together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from litestar import Litestar
from litestar.datastructures import State

from gateway import exceptions
from gateway.openapi import document_config, document_route
from gateway.operations.start import start
from gateway.outer import wrap
from gateway.process import Process, build_process, close_process
from gateway.requests import StrictRequest
from gateway.settings import GatewaySettings
from gateway.subject import Subject
from gateway.subjects import all_subjects
from lua.settings import ValkeySettings
from migrations.settings import DatabaseSettings
from settlement.money.settings import MoneySettings
from settlement.providers.settings import ProviderSettings


class Application:
    """The ASGI application, and the process it is the face of."""

    def __init__(self, process: Process, litestar: Litestar, outer: Any) -> None:
        self.process = process
        self.litestar = litestar
        self._outer = outer

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Answer one connection."""
        answered: Awaitable[None] = self._outer(scope, receive, send)
        return answered

    @property
    def state(self) -> State:
        """`database`, `store`, `revocations`, `metrics`, `draining` and the rest of Process."""
        return self.litestar.state


def create_app(
    settings: GatewaySettings,
    valkey: ValkeySettings,
    database: DatabaseSettings,
    providers: ProviderSettings | None = None,
    money: MoneySettings | None = None,
) -> Application:
    """Build the gateway; nothing is connected before its lifespan starts.

    Without ``providers`` there is nobody to pay with; ``money`` has good defaults.
    One application serves one lifespan, in the event loop that starts it.
    """
    process = build_process(
        settings, valkey, database, providers or ProviderSettings(), money or MoneySettings()
    )
    subjects = all_subjects(process)
    litestar = Litestar(
        route_handlers=[
            document_route([subject.openapi for subject in subjects]),
            *(route for subject in subjects for route in subject.routes),
        ],
        lifespan=[_lifespan(process, subjects)],
        exception_handlers=exceptions.handlers(),
        request_class=StrictRequest,
        request_max_body_size=None,  # the outer wrapper counts, also for raw handlers
        openapi_config=document_config(settings),
        state=State({"process": process} | msgspec.structs.asdict(process)),
        logging_config=None,
        debug=False,  # a debug page would leak what a problem does not
    )
    raw = {asked: handler for subject in subjects for asked, handler in subject.raw.items()}
    return Application(process, litestar, wrap(litestar, settings, process.metrics, raw))


def _lifespan(process: Process, subjects: tuple[Subject, ...]) -> Callable[[Litestar], Any]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(close_process, process)
            await start(process)
            for subject in subjects:
                for background in subject.background:
                    await stack.enter_async_context(background())
            stack.callback(process.draining.set)
            yield

    return lifespan
