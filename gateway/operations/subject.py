"""What operations give the process."""

from gateway.operations.health import healthz, readyz_route
from gateway.operations.metrics import metrics_route
from gateway.process import Process
from gateway.subject import Subject


def operations(process: Process) -> Subject:
    """Health, readiness, metrics."""
    return Subject(routes=[healthz, readyz_route(process), metrics_route(process.metrics)])
