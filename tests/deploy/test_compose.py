import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    with (ROOT / "compose.yaml").open() as file:
        document: dict[str, Any] = YAML(typ="safe").load(file)
    found: dict[str, Any] = document["services"]
    return found


def test_compose_file_is_what_the_compose_specification_allows() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", "compose.yaml"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["valkey", "queue"])
def test_both_valkeys_keep_acknowledged_writes_and_never_evict(
    services: dict[str, Any], name: str
) -> None:
    words = services[name]["command"]
    settings = dict(zip(words[1::2], words[2::2], strict=True))
    assert settings["--appendonly"] == "yes"
    assert settings["--appendfsync"] == "always"
    assert settings["--maxmemory-policy"] == "noeviction"
    assert services[name]["volumes"] == [f"{name}:/data"]


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if "SECRET" in name or "PASSWORD" in name:
                assert re.match(r"\$\{[A-Z_]+:\?", value), name


def test_only_the_gateway_can_be_reached_from_outside(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["gateway"]


def test_gateway_and_worker_wait_for_a_migrated_database(services: dict[str, Any]) -> None:
    for name in ("gateway", "worker"):
        needed = services[name]["depends_on"]["migrate"]
        assert needed["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
