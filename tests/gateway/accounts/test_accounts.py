"""Registering, signing in and out, and what becomes of tokens."""

import asyncio
import uuid
from typing import Any

import argon2
import httpx
import jwt
import pytest
from sqlalchemy import select, text, update

from gateway.accounts.create_admin import create_admin
from gateway.accounts.passwords import TooManyWaiting, WeakPassword
from gateway.app import Application
from migrations.schema import AuditEntry, RevokedSession, User
from tests.gateway.conftest import client_of, running
from tests.gateway.eventually import eventually
from tests.gateway.people import SECRET, People

PASSWORD = "plum-Jacket-44-river"
ANA = {"email": "ana@shop.example", "password": PASSWORD}


async def register(http: httpx.AsyncClient, email: str = ANA["email"]) -> dict[str, Any]:
    answer = await http.post("/auth/register", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def sign_in(http: httpx.AsyncClient, email: str = ANA["email"]) -> dict[str, Any]:
    answer = await http.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_a_customer_registers_signs_in_and_sees_the_account(  # R14 R15 R17 R18
    http: httpx.AsyncClient,
) -> None:
    made = await register(http)
    assert made.keys() == {"id", "email", "role", "is_active", "email_verified", "created_at"}
    assert (made["role"], made["is_active"], made["email_verified"]) == ("customer", True, False)
    tokens = await sign_in(http)
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 1800
    me = await http.get("/auth/me", headers=bearer(tokens))
    assert me.json()["id"] == made["id"]


async def test_an_access_token_has_exactly_the_header_and_claims_agreed_on(
    http: httpx.AsyncClient,
) -> None:
    made = await register(http)
    token = (await sign_in(http))["access_token"]
    assert token.split(".")[0] == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert claims.keys() == {"sub", "sid", "role", "typ", "ver", "iat", "exp"}
    assert (claims["sub"], claims["typ"], claims["ver"]) == (str(made["id"]), "access", 0)
    assert claims["exp"] - claims["iat"] == 1800
    assert str(uuid.UUID(claims["sid"])) == claims["sid"]


async def test_an_email_is_taken_in_whatever_case(http: httpx.AsyncClient) -> None:  # R14
    await register(http)
    again = await http.post("/auth/register", json=ANA | {"email": "ANA@Shop.example"})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert (await sign_in(http, "Ana@SHOP.example"))["access_token"]


@pytest.mark.parametrize(
    "password", ["short", "password1", "shopshop", "é" * 65, "aaaaaaaaaaaa", "ana@shop.example"]
)
async def test_a_weak_password_is_refused(http: httpx.AsyncClient, password: str) -> None:  # R14
    answer = await http.post("/auth/register", json=ANA | {"password": password})
    assert answer.status_code == 400
    assert answer.json()["code"] == "weak_password"
    assert password not in answer.text or password == "short"


async def test_the_form_of_oauth2_signs_in_too(http: httpx.AsyncClient) -> None:
    await register(http)
    form = {"grant_type": "password", "username": ANA["email"], "password": PASSWORD}
    answer = await http.post("/auth/login", data=form)
    assert answer.status_code == 200
    assert answer.json()["access_token"]
    assert (await http.post("/auth/login", data={"username": "x"})).status_code == 400


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(  # R15
    http: httpx.AsyncClient,
) -> None:
    await register(http)
    wrong = await http.post("/auth/login", json=ANA | {"password": "not this one 9"})
    unknown = await http.post("/auth/login", json=ANA | {"email": "bob@shop.example"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "invalid_credentials"


async def test_an_email_is_locked_after_five_failures_known_or_not(  # R15
    app: Application, http: httpx.AsyncClient
) -> None:
    await register(http)
    for email in (ANA["email"], "nobody@shop.example"):
        bad = {"email": email, "password": "not this one 9"}
        answers = [(await http.post("/auth/login", json=bad)).status_code for _ in range(6)]
        assert answers == [401] * 5 + [423]
        locked = await http.post("/auth/login", json={"email": email, "password": PASSWORD})
        assert locked.json()["code"] == "account_locked"
        assert 0 < int(locked.headers["retry-after"]) <= 900
    async with app.process.database.begin() as connection:
        past = "UPDATE login_attempts SET locked_until = now() - interval '1 second'"
        await connection.execute(text(past))
    assert (await sign_in(http))["access_token"]


async def test_many_attempts_at_once_get_no_more_tries_than_the_limit(  # R15
    http: httpx.AsyncClient,
) -> None:
    bad = {"email": "bob@shop.example", "password": "not this one 9"}
    answers = await asyncio.gather(*(http.post("/auth/login", json=bad) for _ in range(20)))
    looked_at = [answer for answer in answers if answer.status_code == 401]
    assert len(looked_at) <= 5
    assert {answer.status_code for answer in answers} <= {401, 423, 429}


async def test_attempts_that_were_not_looked_at_lock_nobody_out(
    app: Application, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(http)

    async def busy(*_: Any) -> bool:
        raise TooManyWaiting

    with monkeypatch.context() as patched:
        patched.setattr(app.process.passwords, "verify", busy)
        for _ in range(8):
            answer = await http.post("/auth/login", json=ANA)
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert (await sign_in(http))["access_token"]


async def test_a_hash_of_older_rules_is_made_anew_at_sign_in(  # R15
    app: Application, http: httpx.AsyncClient
) -> None:
    made = await register(http)
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with app.process.database.begin() as connection:
        await connection.execute(update(User).values(password_hash=older))
    await sign_in(http)
    async with app.process.database.connect() as connection:
        kept = await connection.scalar(
            select(User.password_hash).where(User.id == made["id"], User.last_login_at.is_not(None))
        )
    assert kept is not None
    assert "m=19456,t=2,p=1" in kept


async def test_a_good_password_takes_the_failures_back(http: httpx.AsyncClient) -> None:
    await register(http)
    for _ in range(3):
        for _ in range(4):
            await http.post("/auth/login", json=ANA | {"password": "not this one 9"})
        await sign_in(http)


async def test_a_storm_of_sign_ins_is_refused_as_overload_and_not_queued(
    engines: Any, database_url: str, store: Any
) -> None:
    async with (
        running(database_url, engines.valkey.url, hash_threads=1, hash_queue_max=1) as app,
        client_of(app) as http,
    ):
        storm = [{"email": f"u{n}@shop.example", "password": PASSWORD} for n in range(8)]
        answers = await asyncio.gather(*(http.post("/auth/login", json=one) for one in storm))
    codes = [answer.json()["code"] for answer in answers]
    assert set(codes) == {"invalid_credentials", "overloaded"}
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 503)


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(  # R16
    http: httpx.AsyncClient,
) -> None:
    await register(http)
    first = await sign_in(http)
    second = await http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    tokens = second.json()
    assert tokens["refresh_token"] != first["refresh_token"]
    assert (await http.get("/auth/me", headers=bearer(tokens))).status_code == 200

    stolen = await http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "unauthenticated")
    after = await http.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert after.status_code == 401
    assert (await http.get("/auth/me", headers=bearer(tokens))).status_code == 401


async def test_two_uses_of_a_refresh_token_at_once_give_one_session_at_most(
    http: httpx.AsyncClient,
) -> None:
    await register(http)
    body = {"refresh_token": (await sign_in(http))["refresh_token"]}
    answers = await asyncio.gather(*(http.post("/auth/refresh", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers)[1:] == [401, 401, 401]


async def test_signing_out_ends_this_session_on_every_gateway_within_a_second(  # R16
    engines: Any, app: Application, http: httpx.AsyncClient, database_url: str
) -> None:
    await register(http)
    here, elsewhere = await sign_in(http), await sign_in(http)
    async with running(database_url, engines.valkey.url) as other, client_of(other) as there:
        assert (await there.get("/auth/me", headers=bearer(here))).status_code == 200
        assert (await http.post("/auth/logout", headers=bearer(here))).status_code == 204
        assert (await http.get("/auth/me", headers=bearer(here))).status_code == 401
        await until_refused(there, bearer(here))
        assert (await there.get("/auth/me", headers=bearer(elsewhere))).status_code == 200
    async with running(database_url, engines.valkey.url) as later, client_of(later) as there:
        assert later.process.revocations.trusted or await heard(later)
        assert (await there.get("/auth/me", headers=bearer(here))).status_code == 401
    async with app.process.database.connect() as connection:
        kept = (await connection.execute(select(RevokedSession.expires_at))).all()
    assert len(kept) == 1


async def until_refused(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async def refused() -> bool:
        return (await http.get("/auth/me", headers=headers)).status_code == 401

    await eventually(refused, within_s=1)


async def heard(app: Application) -> bool:
    async def trusted() -> bool:
        return app.process.revocations.trusted

    await eventually(trusted, within_s=1)
    return True


async def test_a_gateway_that_hears_nothing_asks_the_store(
    app: Application, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(http)
    tokens = await sign_in(http)
    await http.post("/auth/logout", headers=bearer(tokens))
    revocations = app.process.revocations
    monkeypatch.setattr(type(revocations), "trusted", property(lambda _: False))
    revocations._sessions.clear()
    revocations._read_s = float("-inf")
    assert (await http.get("/auth/me", headers=bearer(tokens))).status_code == 401


async def test_a_new_password_ends_every_session(http: httpx.AsyncClient) -> None:  # R17
    await register(http)
    one, two = await sign_in(http), await sign_in(http)
    new = "another-Plum-77-lake"
    wrong = await http.post(
        "/auth/password",
        json={"old_password": "not this one 9", "new_password": new},
        headers=bearer(one),
    )
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    changed = await http.post(
        "/auth/password",
        json={"old_password": PASSWORD, "new_password": new},
        headers=bearer(one),
    )
    assert changed.status_code == 204
    for tokens in (one, two):
        assert (await http.get("/auth/me", headers=bearer(tokens))).status_code == 401
        refreshed = await http.post(
            "/auth/refresh", json={"refresh_token": tokens["refresh_token"]}
        )
        assert refreshed.status_code == 401
    signed_in = await http.post("/auth/login", json=ANA | {"password": new})
    assert (await http.get("/auth/me", headers=bearer(signed_in.json()))).status_code == 200


async def test_a_deactivated_account_is_out_and_stays_out(http: httpx.AsyncClient) -> None:  # R17
    await register(http)
    tokens = await sign_in(http)
    assert (await http.delete("/auth/me", headers=bearer(tokens))).status_code == 204
    assert (await http.get("/auth/me", headers=bearer(tokens))).status_code == 401
    again = await http.post("/auth/login", json=ANA)
    assert (again.status_code, again.json()["code"]) == (401, "invalid_credentials")


async def test_a_profile_is_changed_in_part_and_audited(  # R17 R13
    app: Application, http: httpx.AsyncClient, people: People
) -> None:
    ana = await people.customer()
    await http.patch("/auth/me", json={"full_name": "Ana", "phone": "+1 555"}, headers=ana.headers)
    changed = await http.patch("/auth/me", json={"phone": None}, headers=ana.headers)
    assert (changed.json()["full_name"], changed.json()["phone"]) == ("Ana", None)
    bad = await http.patch("/auth/me", json={"role": "admin"}, headers=ana.headers)
    assert bad.status_code == 400
    async with app.process.database.connect() as connection:
        entries = (await connection.execute(select(AuditEntry.before, AuditEntry.after))).all()
    assert entries[-1] == ({"phone": "+1 555"}, {"phone": None})


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."],
)
async def test_what_is_no_token_of_ours_is_refused_with_a_challenge(
    http: httpx.AsyncClient, token: str
) -> None:
    answer = await http.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_role_of_an_admin_is_checked_in_postgres(  # R18
    app: Application, http: httpx.AsyncClient, people: People
) -> None:
    boss, ana = await people.admin(), await people.customer()
    body = {"name": "Mug", "price_minor": 1200}
    assert (await http.post("/products", json=body, headers=ana.headers)).status_code == 403
    assert (await http.post("/products", json=body, headers=boss.headers)).status_code == 201
    async with app.process.database.begin() as connection:
        await connection.execute(update(User).where(User.id == boss.id).values(role="customer"))
    assert (await http.post("/products", json=body, headers=boss.headers)).status_code == 403


async def test_the_first_admin_is_made_from_a_command_line(
    app: Application, http: httpx.AsyncClient
) -> None:
    with pytest.raises(WeakPassword):
        await create_admin(app.process.database, ANA["email"], "password")
    made = await create_admin(app.process.database, ANA["email"], PASSWORD)
    assert await create_admin(app.process.database, ANA["email"], "ignored") == made
    me = await http.get("/auth/me", headers=bearer(await sign_in(http)))
    assert (me.json()["id"], me.json()["role"]) == (made, "admin")
