"""One load against one server."""

from collections.abc import Sequence

from loadtests.accounting import measured
from loadtests.bench.measurement import Run
from loadtests.generator.launch import poised
from loadtests.generator.wire import Job, Report
from loadtests.stage.servers import HOST, Server
from loadtests.stage.stage import Stage


class WrongAnswers(Exception):
    """Some requests were not answered as the measurement needs; it would measure something else."""


def shoot(
    stage: Stage,
    server: Server,
    requests: Sequence[bytes],
    *,
    expect: int,
    also: Sequence[int] = (),
    rate_per_s: float | None = None,
) -> Run:
    """Send all, once each; the CPU of the server counts, and that of the processes `also`.

    Raises:
        WrongAnswers: not every status was `expect`.
    """
    job = Job(
        requests=list(requests),
        connections=stage.size.connections,
        host=HOST,
        port=server.port,
        rate_per_s=rate_per_s,
    )
    with (
        poised(job, log_path=stage.log_path("generator")) as load,
        measured(server.pid, *also) as spent,
    ):
        report = load.fire()
    _check(server, report, len(requests), expect)
    return Run(
        done=report.answers,
        wall_s=report.wall_s,
        cpu_s=spent.cpu_s,
        p50_ms=report.percentile_ms(0.50),
        p99_ms=report.percentile_ms(0.99),
        generator_share=report.generator_share,
    )


def _check(server: Server, report: Report, asked: int, expect: int) -> None:
    if report.statuses == {expect: asked}:
        return
    others = {status: body for status, body in report.samples.items() if status != expect}
    raise WrongAnswers(
        f"{server.name}: asked {asked} times, {report.statuses}; {others}; {report.troubles[:3]}"
    )
