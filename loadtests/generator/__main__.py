"""The generator process: `python -m loadtests.generator FD`, FD its end of a socket pair.

Garbage collection is off during the run: everything that it would look at was made before.
"""

import gc
import socket
import sys

import msgspec
import uvloop

from loadtests.generator import wire
from loadtests.generator.drive import drive
from loadtests.generator.echo import serve_echo


async def work(job: wire.Job, bench: socket.socket) -> wire.Report:
    """Connect, say so, wait for the word, send everything."""

    def wait_for_go() -> None:
        bench.sendall(wire.READY)
        wire.expect(bench, wire.GO)

    if job.port or job.uds:
        return await drive(job, wait_for_go)
    async with serve_echo() as port:
        return await drive(msgspec.structs.replace(job, host="127.0.0.1", port=port), wait_for_go)


def main() -> None:
    """Do one job and report it."""
    with socket.socket(fileno=int(sys.argv[1])) as bench:
        job = wire.receive_job(bench)
        gc.collect()
        gc.disable()
        wire.send(bench, uvloop.run(work(job, bench)))


if __name__ == "__main__":
    main()
