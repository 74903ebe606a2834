"""Logs of commands that people and programs read: to stderr, and only what somebody must know."""


def log_to_stderr(level: str = "WARNING") -> None:
    """Keep stdout for the answer."""
    from gateway.operations.logs import configure_logs

    configure_logs(level)
