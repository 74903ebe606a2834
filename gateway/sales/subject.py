"""What sales gives the process."""

from gateway.process import Process
from gateway.subject import Subject


def sales(process: Process) -> Subject:
    """Nothing yet."""
    return Subject()
