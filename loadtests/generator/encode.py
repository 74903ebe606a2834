"""A whole HTTP/1.1 request as bytes."""

from collections.abc import Mapping


def encode_request(
    method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """The request as it goes over the wire; Host and Content-Length are added."""
    head = [f"{method} {path} HTTP/1.1", "Host: bench.invalid", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def encode_json_post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST with a JSON body."""
    return encode_request(
        "POST", path, headers={"Content-Type": "application/json", **headers}, body=body
    )
