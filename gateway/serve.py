"""Runs the gateway on a socket: `flashsale gateway`.

On SIGTERM the process first says that it is not ready and ends its streams; after `drain_delay_s`,
in which a load balancer takes it off its list, it stops accepting, finishes what is in flight
within `graceful_timeout_s`, and closes its pools. A second signal ends the wait.
"""

import asyncio
import gc
import signal
import socket
from types import FrameType
from typing import Final

import uvicorn
from msgspec import Struct

from gateway.app import Application, create_app
from gateway.one_write import OneWrite
from gateway.operations.logs import configure_logs
from gateway.settings import GatewaySettings
from lua.settings import ValkeySettings
from migrations.settings import DatabaseSettings
from settlement.money.settings import MoneySettings
from settlement.providers.settings import ProviderSettings

GC_EVERY: Final = 50_000
"""Objects made and kept between two looks for cycles: some megabytes at the most."""


class Listen(Struct, frozen=True, kw_only=True):
    """Where to listen: an inherited socket (`fd`), a Unix socket (`uds`), or `host` and `port`.

    proxies: addresses whose X-Forwarded-For is believed, comma-separated.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    fd: int | None = None
    backlog: int = 4096
    proxies: str = ""


def serve(
    listen: Listen,
    settings: GatewaySettings,
    valkey: ValkeySettings,
    database: DatabaseSettings,
    providers: ProviderSettings,
    money: MoneySettings,
) -> None:
    """Serve until a signal ends the process. Call it in the main thread, once."""
    configure_logs(settings.log_level)
    app = create_app(settings, valkey, database, providers, money)
    _spare_the_collector()
    # uvicorn would take an inherited socket for a Unix one, and never switch off Nagle's delay.
    inherited = None if listen.fd is None else [socket.socket(fileno=listen.fd)]
    _Server(_config(listen, settings, app), app, settings.drain_delay_s).run(inherited)


def _spare_the_collector() -> None:
    """A request leaves no cycles behind, so looking for them after every few requests is in vain;
    measured, it is a sixth of the CPU of a purchase. What was made at start is never looked at."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_EVERY, 20, 100)


def _config(listen: Listen, settings: GatewaySettings, app: Application) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        uds=listen.uds,
        backlog=listen.backlog,
        loop="uvloop",
        http=OneWrite,
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(listen.proxies),
        forwarded_allow_ips=listen.proxies or None,
        timeout_keep_alive=75,  # above the 60 s that load balancers keep idle connections
        timeout_graceful_shutdown=settings.graceful_timeout_s,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: Application, drain_delay_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_delay_s = drain_delay_s
        self._loop: asyncio.AbstractEventLoop | None = None

    async def _serve(self, sockets: object = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super()._serve(sockets)  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain at the first signal; stop at once at the second."""
        draining = self._app.process.draining
        if self._loop is None or draining.is_set():
            super().handle_exit(signal.SIGINT if self.should_exit else sig, frame)
            return
        self._loop.call_soon_threadsafe(self._drain, self._loop)

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        self._app.process.draining.set()
        loop.call_later(self._drain_delay_s, setattr, self, "should_exit", True)
