"""What accounts give the process."""

from gateway.accounts.profile import change_me, change_password, deactivate_me, show_me
from gateway.accounts.refresh import refresh_route
from gateway.accounts.register import register_route
from gateway.accounts.sign_in import sign_in_route
from gateway.accounts.sign_out import sign_out_route
from gateway.process import Process
from gateway.subject import Subject


def accounts(process: Process) -> Subject:
    """People and their sessions, and the feed of revoked ones."""
    return Subject(
        routes=[
            register_route,
            sign_in_route,
            refresh_route,
            sign_out_route,
            show_me,
            change_me,
            change_password,
            deactivate_me,
        ],
        background=[process.revocations.feed],
    )
