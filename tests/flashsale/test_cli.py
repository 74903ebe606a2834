"""The console script: light to start, and helpful when something is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from flashsale.cli import COMMANDS, cli
from flashsale.commands.failures import UNREACHABLE, WRONG_USAGE, explain
from flashsale.commands.sale import read_item

ROOT = Path(__file__).parents[2]
HEAVY = {"sqlalchemy", "litestar", "asyncpg", "redis", "arq", "httpx", "rich.live", "alembic"}


def flashsale(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The real command, in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flashsale.cli", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_help_of_everything_imports_nothing_heavy() -> None:
    code = (
        "import sys; from flashsale.cli import cli\n"
        "try: cli(['--help'])\n"
        f"except SystemExit: print(sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "[]"
    for name in COMMANDS:
        assert name in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    told = CliRunner().invoke(cli, [name, "--help"])
    assert told.exit_code == 0, told.output
    assert "Usage" in told.output


def test_wrong_settings_are_named_without_a_trace() -> None:
    done = flashsale("verify", REDIS_URL="http://nowhere")
    assert done.returncode == WRONG_USAGE
    assert "DATABASE_URL is required" in done.stderr
    assert "REDIS_URL must begin with" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_is_away_is_told_without_a_trace(database_url: str) -> None:
    done = flashsale("verify", DATABASE_URL=database_url, REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == UNREACHABLE
    assert "Valkey does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_away_is_told_without_a_trace() -> None:
    done = flashsale("migrate", DATABASE_URL="postgresql://someone:secret@127.0.0.1:1/nothing")
    assert done.returncode == UNREACHABLE
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_config_check_names_what_is_wrong() -> None:
    done = flashsale("config", "check", "--json", SECRET_KEY="too short")
    found = json.loads(done.stdout)
    assert done.returncode == WRONG_USAGE
    assert not found["ok"]
    wrong = {one["name"]: one["wrong"] for one in found["settings"] if one["wrong"]}
    assert wrong["DATABASE_URL"] == "is required"
    assert wrong["SECRET_KEY"] == "must have at least 32 bytes"
    assert "too short" not in done.stdout


def test_migrate_brings_the_schema_and_check_agrees(empty_database_url: str) -> None:
    before = flashsale("migrate", "check", DATABASE_URL=empty_database_url)
    assert before.returncode == 1
    assert "run `flashsale migrate`" in before.stderr
    assert flashsale("migrate", DATABASE_URL=empty_database_url).returncode == 0
    again = flashsale("migrate", DATABASE_URL=empty_database_url)
    assert "already" in again.stdout
    assert flashsale("migrate", "check", DATABASE_URL=empty_database_url).returncode == 0


def test_a_bug_keeps_its_trace() -> None:
    assert explain(ZeroDivisionError()) is None


def test_items_of_a_sale_are_read_from_words() -> None:
    assert read_item("7:100") == {"product_id": 7, "units": 100}
    assert read_item("7:100:999:2") == {
        "product_id": 7, "units": 100, "price_minor": 999, "max_per_user": 2,
    }  # fmt: skip
    assert read_item("7:100::2") == {"product_id": 7, "units": 100, "max_per_user": 2}
    for wrong in ("7", "7:many", "7:1:2:3:4", "7:-1"):
        with pytest.raises(Exception, match="PRODUCT:UNITS"):
            read_item(wrong)
