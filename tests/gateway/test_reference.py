"""The API reference: the page, and the document it is made from."""

import re
from typing import Any

import httpx
import pytest

from gateway.problems import KINDS


@pytest.fixture
async def document(http: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get("/docs/openapi.json")).json()
    return found


async def test_the_page_loads_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page.text)
    assert "http" not in page.text.replace("/docs/openapi.json", "")
    assert 'name="viewport"' in page.text


async def test_the_document_has_the_raw_purchase_too(document: dict[str, Any]) -> None:  # R1
    purchase = document["paths"]["/orders"]["post"]
    assert purchase["responses"]["201"]
    assert purchase["summary"]
    assert "get" in document["paths"]["/orders"]


async def test_every_operation_has_an_id_of_its_own_a_summary_and_a_tag(
    document: dict[str, Any],
) -> None:
    operations = [one for item in document["paths"].values() for one in item.values()]
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    assert all(one["summary"] and one["tags"] for one in operations)


async def test_every_code_of_a_refusal_is_listed(document: dict[str, Any]) -> None:
    assert [one["code"] for one in document["x-problems"]] == list(KINDS)
