"""What a measurement stands on holds."""

from collections.abc import Iterator

import hiredis
import httpx
import jwt
import pytest

from loadtests.bench.purchases import at
from loadtests.bench.shoot import WrongAnswers
from loadtests.stage.buyers import Buyers, NotEnoughBuyers
from loadtests.stage.lane import Refused
from loadtests.stage.sizes import SIZES
from loadtests.stage.stage import ALONE_PRODUCT, Stage

SECRET_KEY = "s" * 48


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage without engines; its buyers are in no database."""
    with Stage(SIZES["small"], lambda _: None) as made:
        made.secret_key = SECRET_KEY
        made.buyers = Buyers(first_id=100, count=50, secret_key=SECRET_KEY)
        yield made


def test_a_lane_is_filled_with_live_holds_and_trimmed(stage: Stage) -> None:
    with stage.alone() as alone:
        assert alone.lane.fill(range(1, 1_001), ALONE_PRODUCT) == 1_000
        assert alone.lane.held(ALONE_PRODUCT) == 1_000
        assert alone.lane.seq() == 1_001
        alone.lane.trim()
        assert alone.pipe.call("XLEN", f"{alone.lane.base}:journal") == 1
        with pytest.raises(Refused):
            alone.lane.fill([1], ALONE_PRODUCT + 1)


def test_a_refused_command_is_an_error_and_not_an_answer(stage: Stage) -> None:
    with stage.alone() as alone, pytest.raises(hiredis.ReplyError):
        alone.pipe.call("NOT-A-COMMAND")


def test_buyers_are_different_until_all_were_asked() -> None:
    buyers = Buyers(first_id=10, count=4, secret_key=SECRET_KEY)
    assert buyers.take(3) == [10, 11, 12]
    assert buyers.take(3) == [13, 10, 11]
    with pytest.raises(NotEnoughBuyers):
        buyers.take(5)


def test_every_token_is_of_a_session_of_its_own() -> None:
    tokens = Buyers(10, 4, SECRET_KEY).tokens([10, 10])
    claims = [jwt.decode(token, SECRET_KEY, algorithms=["HS256"]) for token in tokens]
    assert [each["sub"] for each in claims] == ["10", "10"]
    assert claims[0]["sid"] != claims[1]["sid"]


def test_a_peer_with_tokens_answers_buyers_and_refuses_strangers(stage: Stage) -> None:
    with stage.peer("litestar_token") as peer:
        run = at(stage, peer)(40)
        assert run.done == 40
        assert run.cpu_s > 0
        with pytest.raises(WrongAnswers):
            at(stage, peer, signed_in=False)(2)


def test_the_bare_server_echoes(stage: Stage) -> None:
    with stage.peer("bare_asgi") as peer:
        answer = httpx.post(f"http://127.0.0.1:{peer.port}/orders", content=b"any")
    assert (answer.status_code, answer.content) == (201, b"any")
