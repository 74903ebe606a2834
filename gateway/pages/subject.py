"""What pages give the process."""

from gateway.pages.reference import reference
from gateway.process import Process
from gateway.subject import Subject


def pages(_: Process) -> Subject:
    """The API reference."""
    return Subject(routes=[reference])
