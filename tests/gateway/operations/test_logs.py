"""Logs are JSON and hold no secrets."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.operations.logs import configure_logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_lines_are_json_with_level_time_and_logger(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", people=False)  # R8
    structlog.get_logger("shop").info("sold", order="o-1", request_id="r-1")
    logging.getLogger("library").warning("slow query", extra={"duration_ms": 7.5})
    logging.getLogger("library").debug("not shown")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["order"], ours["request_id"]) == ("sold", "o-1", "r-1")
    assert (ours["level"], ours["logger"]) == ("info", "shop")
    assert ours["timestamp"]
    assert (theirs["event"], theirs["duration_ms"]) == ("slow query", 7.5)


def test_secrets_are_masked_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", people=False)  # R8
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    structlog.get_logger("shop").info(
        f"sent {token}",
        refresh_token="abc-secret-1",
        Authorization="Bearer abc-secret-2",
        url="postgresql://shop:abc-secret-3@db/shop",
    )
    logging.getLogger("library").error("cannot reach redis://:abc-secret-4@store:6379")
    lost = RuntimeError("abc://u:abc-secret-5@host")
    structlog.get_logger("shop").error("failed", exc_info=lost)
    written = capsys.readouterr().err
    assert "abc-secret" not in written
    assert token not in written
    assert "RuntimeError" in written
