"""What accounts give the process."""

from gateway.process import Process
from gateway.subject import Subject


def accounts(process: Process) -> Subject:
    """The feed of revoked sessions."""
    return Subject(background=[process.revocations.feed])
