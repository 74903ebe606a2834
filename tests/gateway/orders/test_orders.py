"""A buyer's orders are right at once after the 201, settled or not; nobody else sees them. R22"""

import uuid

import pytest

from lua import begin_payment, confirm, pause
from tests.gateway.purchase.buyers import Front, token_of

STATES = ("PENDING", "PAID", "CANCELLED")


async def get(front: Front, user: int, path: str) -> tuple[int, dict[str, object]]:
    answer = await front.http.get(path, headers={"Authorization": f"Bearer {token_of(user)}"})
    return answer.status_code, answer.json()


async def listed(front: Front, user: int, query: str = "") -> tuple[list[object], object]:
    status, page = await get(front, user, f"/orders{query}")
    assert status == 200
    items = page["items"]
    assert isinstance(items, list)
    return [item["id"] for item in items], page["total"]


@pytest.mark.parametrize("settled_before", [0, 3, 5])
async def test_pages_are_right_however_much_of_them_is_settled(
    front: Front, settled_before: int
) -> None:
    orders = []
    for count in range(5):
        if count == settled_before:
            await front.shop.drainer.drain()
        orders.append((await front.buy(7)).json()["id"])
    if settled_before == 5:
        await front.shop.drainer.drain()
    newest_first = orders[::-1]
    assert await listed(front, 7) == (newest_first, 5)
    pages = [await listed(front, 7, f"?limit=2&page={page}") for page in (1, 2, 3, 4)]
    assert [ids for ids, _ in pages] == [
        newest_first[:2],
        newest_first[2:4],
        newest_first[4:],
        [],
    ]
    assert {total for _, total in pages} == {5}
    assert await listed(front, 8) == ([], 0)


async def test_a_state_that_is_not_settled_yet_is_seen_and_filtered_by(front: Front) -> None:
    shop = front.shop
    paid, cancelled, held = [(await front.buy(7)).json()["id"] for _ in range(3)]
    await shop.drainer.drain()
    payment = str(uuid.uuid4())
    await begin_payment.begin_payment(shop.store, shop.base, paid, payment, 0)
    await confirm.confirm(shop.store, shop.base, paid, payment)
    cancel = await front.http.post(
        f"/orders/{cancelled}/cancel", headers={"Authorization": f"Bearer {token_of(7)}"}
    )
    assert (cancel.status_code, cancel.json()["status"]) == (200, "CANCELLED")
    for _ in ("before", "after"):
        found = {state: (await listed(front, 7, f"?status={state}"))[0] for state in STATES}
        assert found == {"PENDING": [held], "PAID": [paid], "CANCELLED": [cancelled]}
        await shop.drainer.drain()


async def test_the_detail_shows_products_to_the_owner_and_404_to_others(front: Front) -> None:
    order = (await front.buy(7, 2)).json()["id"]
    status, detail = await get(front, 7, f"/orders/{order}")
    assert (status, detail["status"], detail["total_minor"]) == (200, "PENDING", 2000)
    await front.shop.drainer.drain()
    _, detail = await get(front, 7, f"/orders/{order}")
    lines = detail["lines"]
    assert isinstance(lines, list)
    assert lines[0]["product"] == {"name": "Lamp 0", "sku": None, "image": None}
    assert (await get(front, 8, f"/orders/{order}"))[0] == 404
    assert (await get(front, 7, f"/orders/{uuid.uuid4()}"))[0] == 404
    assert (await get(front, 7, "/orders/not-a-uuid"))[0] in {400, 404}


async def test_cancelling_gives_the_units_back_once_and_again_changes_nothing(
    front: Front,
) -> None:
    order = (await front.buy(7, 10)).json()["id"]
    headers = {"Authorization": f"Bearer {token_of(7)}"}
    for _ in range(3):
        answer = await front.http.post(f"/orders/{order}/cancel", headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
    other = {"Authorization": f"Bearer {token_of(8)}"}
    assert (await front.http.post(f"/orders/{order}/cancel", headers=other)).status_code == 404
    await front.shop.drainer.drain()
    assert await front.shop.totals() == (100, 100, 0, 0)


async def test_a_paused_sale_still_lets_its_buyers_cancel(front: Front) -> None:
    order = (await front.buy(7)).json()["id"]
    await pause.pause(front.shop.store, front.shop.base, "paused")
    headers = {"Authorization": f"Bearer {token_of(7)}"}
    answer = await front.http.post(f"/orders/{order}/cancel", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["?page=0", "?limit=0", "?limit=101", "?status=paid", "?page=x"])
async def test_a_bad_query_is_400(front: Front, query: str) -> None:
    status, problem = await get(front, 7, f"/orders{query}")
    assert (status, problem["code"]) == (400, "invalid_request")
