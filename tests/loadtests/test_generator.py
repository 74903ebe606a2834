"""The generator sends every request once and books every answer."""

import pytest

from loadtests.generator.encode import encode_json_post
from loadtests.generator.launch import merge, poised, split
from loadtests.generator.self_check import echo_rate_per_s
from loadtests.generator.wire import Job, Report
from tests.loadtests.tiny_server import tiny_server


def _requests(*paths: str) -> list[bytes]:
    return [encode_json_post(path, path.encode(), {"X-Any": "1"}) for path in paths]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_request_is_sent_once_and_every_answer_counted(processes: int) -> None:
    paths = [f"/order/{n}" for n in range(70)] + [f"/refuse/{n}" for n in range(30)]
    with tiny_server() as server:
        job = Job(_requests(*paths), connections=8, host="127.0.0.1", port=server.port)
        with poised(job, processes=processes) as load:
            assert server.seen == [], "nothing is sent before the word"
            report = load.fire()
    assert sorted(path for path, _ in server.seen) == sorted(paths)
    assert all(body == path.encode() for path, body in server.seen)
    assert report.statuses == {201: 70, 409: 30}
    assert report.samples[409] == b'{"code":"sold_out"}'
    assert (report.answers, report.troubles) == (100, [])
    assert 0 < report.percentile_ms(0.5) <= report.percentile_ms(0.99) < report.wall_s * 1000


def test_a_request_without_an_answer_is_trouble_and_no_answer() -> None:
    with tiny_server() as server:
        job = Job(_requests("/hang", "/a"), connections=2, host="127.0.0.1", port=server.port)
        with poised(job) as load:
            report = load.fire()
    assert report.statuses == {201: 1}
    assert len(report.troubles) == 1


def test_a_paced_run_takes_its_time_and_counts_from_when_a_request_was_due() -> None:
    with tiny_server() as server:
        paths = [f"/{n}" for n in range(40)]
        job = Job(_requests(*paths), 4, host="127.0.0.1", port=server.port, rate_per_s=100)
        with poised(job) as load:
            report = load.fire()
    assert report.wall_s >= 0.39
    assert report.answers == 40


def test_its_own_echo_is_answered_in_full() -> None:
    assert echo_rate_per_s(500, 64) > 0


def test_a_split_job_is_the_whole_job() -> None:
    job = Job([b"a", b"b", b"c"], connections=4, rate_per_s=10.0)
    parts = split(job, 2)
    assert sorted(each for part in parts for each in part.requests) == [b"a", b"b", b"c"]
    assert [part.connections for part in parts] == [2, 2]
    assert [part.rate_per_s for part in parts] == [5.0, 5.0]


def test_merged_reports_add_up_and_keep_the_busiest_share() -> None:
    lazy = Report({201: 1}, [10], [], {201: b"a"}, wall_s=2.0, cpu_s=0.2)
    busy = Report({201: 2, 409: 1}, [20, 30, 40], ["x"], {409: b"b"}, wall_s=1.0, cpu_s=0.95)
    both = merge([lazy, busy])
    assert both.statuses == {201: 3, 409: 1}
    assert both.answers == 4
    assert both.generator_share == pytest.approx(0.95)
    assert both.wall_s == 2.0
    assert both.samples == {201: b"a", 409: b"b"}
