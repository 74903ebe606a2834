"""``python -m flashsale.simulator --port 8900 --data DIR --webhook-url URL``

The secret may be given as SIMULATOR_WEBHOOK_SECRET instead of ``--secret``, so that it does not
stand in the list of processes. Ends on SIGTERM or Ctrl-C.
"""

import argparse
import os
from pathlib import Path

import uvicorn

from flashsale.simulator.app import App


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m flashsale.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the ledger")
    parser.add_argument("--webhook-url", default="", help="where events go; none: nowhere")
    parser.add_argument("--public-url", default="", help="where buyers' browsers reach this server")
    parser.add_argument("--secret", default=os.environ.get("SIMULATOR_WEBHOOK_SECRET", ""))
    given = parser.parse_args()
    if given.webhook_url and not given.secret:
        parser.error("webhooks need --secret or SIMULATOR_WEBHOOK_SECRET")
    uvicorn.run(
        App(given.data, given.webhook_url, given.secret, given.public_url),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
