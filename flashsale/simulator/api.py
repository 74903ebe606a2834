"""The routes: a request in, an answer out; what changed is in the ledger before it leaves."""

import asyncio
import hashlib
import time
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from flashsale.simulator import pay_page
from flashsale.simulator.book import No, Outcome
from flashsale.simulator.desk import Desk
from flashsale.simulator.faults import Call, Faults
from flashsale.simulator.records import Payment, shown
from flashsale.simulator.requests import NewPayment, NewRefund, read_body


class Request(Struct, frozen=True):
    """One request. ``origin``: scheme and host by which buyers reach this server."""

    method: str
    path: tuple[str, ...]
    query: dict[str, list[str]]
    headers: dict[bytes, bytes]
    origin: str
    body: bytes


class Answer(Struct, frozen=True):
    """Status, headers, body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Completion(Struct, frozen=True, forbid_unknown_fields=True):
    """How the buyer leaves the pay page; ``faults``: what goes wrong with it from now on."""

    outcome: Outcome
    faults: Faults | None = None


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """What the buyer's bank says."""

    status: Literal["open", "won", "lost"]


async def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request; a rule that says no is an answer too."""
    try:
        return await _route(desk, request)
    except No as no:
        return as_json({"code": no.code, "detail": no.detail}, no.status)
    except msgspec.MsgspecError as misfit:
        return as_json({"code": "invalid_request", "detail": str(misfit)}, 400)


async def _route(desk: Desk, request: Request) -> Answer:
    match (request.method, *request.path):
        case ("POST", "payments"):
            return await _create(desk, request)
        case ("GET", "payments"):
            return _list(desk, request)
        case ("GET", "payments", name):
            payment = desk.book.payment(name)
            return await _struck(desk, payment, "probe", as_json(shown(payment)))
        case ("POST", "payments", name, "cancel"):
            payment = desk.book.payment(name)
            desk.strike_before(payment, "cancel")
            desk.tell(payment, desk.book.cancel(payment))
            return await _struck(desk, payment, "cancel", as_json(shown(payment)))
        case ("GET", "payments", name, "refunds"):
            found = desk.book.refunds_of(desk.book.payment(name))
            return as_json([shown(refund) for refund in found])
        case ("POST", "payments", name, "refunds"):
            return await _refund(desk, request, desk.book.payment(name))
        case ("POST", "payments", name, "dispute"):
            payment = desk.book.payment(name)
            news = desk.book.dispute(payment, read_body(request.body, Decision).status)
            desk.tell(payment, news)
            await desk.ledger.commit()
            return as_json(shown(news[0][1]))
        case ("GET", "pay", name):
            return Answer(200, pay_page.HEADERS, pay_page.page(desk.book.payment(name)))
        case ("POST", "pay", name, "complete"):
            return await _complete(desk, request, desk.book.payment(name))
        case ("GET", "ledger"):
            return as_json(desk.ledger_page())
        case ("GET", "healthz"):
            return as_json({"status": "ok"})
        case (_, "admin", *rest):
            return await _admin(desk, request, rest)
    raise No(404, "not_found")


async def _create(desk: Desk, request: Request) -> Answer:
    asked = read_body(request.body, NewPayment)
    key, print_ = request.headers.get(b"idempotency-key", b"").decode(), _fingerprint(request)
    known = desk.book.known(key, print_) if key else None
    if known is None:
        payment = desk.book.create(
            asked.amount_minor, asked.currency, asked.metadata, f"{request.origin}/pay",
            asked.return_url, _now_ms(),
        )  # fmt: skip
        desk.keep_payment(payment)
        desk.keep_key(key, print_, payment.id)
    else:
        payment = desk.book.payment(known)
    return await _struck(desk, payment, "create", as_json(shown(payment), 201))


async def _refund(desk: Desk, request: Request, payment: Payment) -> Answer:
    asked = read_body(request.body, NewRefund)
    key, print_ = request.headers.get(b"idempotency-key", b"").decode(), _fingerprint(request)
    desk.strike_before(payment, "refund")
    known = desk.book.known(key, print_) if key else None
    if known is None:
        refund, news = desk.book.refund(payment, asked.amount_minor, asked.metadata, _now_ms())
        desk.keep_refund(refund)
        desk.keep_key(key, print_, refund.id)
        desk.tell(payment, news)
    else:
        refund = desk.book.refunds[known]
    return await _struck(desk, payment, "refund", as_json(shown(refund), 201))


async def _complete(desk: Desk, request: Request, payment: Payment) -> Answer:
    form = request.headers.get(b"content-type", b"").startswith(b"application/x-www-form")
    if form:
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        asked = msgspec.convert(given, Completion)
    else:
        asked = read_body(request.body, Completion)
    if asked.faults is not None:
        payment.faults = asked.faults
    desk.strike_before(payment, "complete")
    news = desk.book.complete(payment, asked.outcome, _now_ms())
    desk.keep_payment(payment)
    desk.tell(payment, news)
    done = as_json(shown(payment))
    if form:
        done = Answer(303, [(b"location", payment.redirect_url.encode())], b"")
    return await _struck(desk, payment, "complete", done)


async def _admin(desk: Desk, request: Request, path: list[str]) -> Answer:
    match (request.method, *path):
        case ("GET", "faults"):
            return as_json(desk.book.faults)
        case ("POST", "faults"):
            desk.set_faults(read_body(request.body, Faults))
            await desk.ledger.commit()
            return as_json(desk.book.faults)
        case ("POST", "payments", name, "faults"):
            payment = desk.book.payment(name)
            payment.faults, payment.hits = read_body(request.body, Faults), {}
            desk.keep_payment(payment)
            await desk.ledger.commit()
            return as_json(payment.faults)
        case ("GET", "outbox"):
            box = desk.outbox
            return as_json(
                {"waiting": box.waiting, "delivered": box.delivered, "tried": box.tried}
                if box
                else {"waiting": 0, "delivered": 0, "tried": 0}
            )
    raise No(404, "not_found")


def _list(desk: Desk, request: Request) -> Answer:
    after = request.query.get("after", ["0"])[0]
    if request.query.get("state") != ["succeeded"] or not after.partition(":")[0].isdigit():
        raise No(400, "invalid_request", "ask for state=succeeded, after=<ms>")
    page, following = desk.book.captured_after(after)
    return as_json({"items": [shown(payment) for payment in page], "next": following})


async def _struck(desk: Desk, payment: Payment, call: Call, done: Answer) -> Answer:
    """Commit, then answer as the faults of the payment want it."""
    hang_ms, broken = desk.strike_after(payment, call)
    await desk.ledger.commit()
    if hang_ms:
        await asyncio.sleep(hang_ms / 1000)
    if broken:
        raise No(500, "internal", "carried out, and the answer was lost")
    return done


def as_json(body: Any, status: int = 200) -> Answer:
    """Return a JSON answer."""
    return Answer(status, [(b"content-type", b"application/json")], msgspec.json.encode(body))


def _fingerprint(request: Request) -> str:
    said = "/".join(request.path).encode() + b"\n" + request.body
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _now_ms() -> int:
    return int(time.time() * 1000)
