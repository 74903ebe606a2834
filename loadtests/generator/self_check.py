"""How fast the generator is when nothing else is: what every measured rate must stay well below.

The generator talks to an echo that lives in its own process and on its own loop, so both share one
core and the rate found is *less* than the generator alone could do. Where it exceeds the rate of
the bare ASGI server (the fastest of all that is measured) by `MARGIN_MIN`, the generator is not the
bottleneck of anything. Each run marks itself besides, by the share of a core the generator used.
"""

from typing import Final

from loadtests.generator.encode import encode_json_post
from loadtests.generator.launch import poised
from loadtests.generator.wire import Job

MARGIN_MIN: Final = 1.5


def echo_rate_per_s(requests: int, connections: int) -> float:
    """Answers a second of the generator's own echo. Requests are as long as a purchase."""
    each = encode_json_post(
        "/orders",
        b'{"product_id":1,"quantity":1}',
        {"Authorization": f"Bearer {'x' * 300}", "Idempotency-Key": "x" * 36},
    )
    with poised(Job(requests=[each] * requests, connections=connections)) as load:
        return load.fire().rate_per_s
