"""What operations staff and their machines ask of the gateway itself.

``health.py``     GET /healthz, GET /readyz
``readiness.py``  what must be true before this process may be sent customers
``start.py``      what is checked once, when the process starts
``metrics.py``    counters of this process; GET /metrics
``logs.py``       structured logs, with secrets taken out
``audit.py``      who did what to which thing, with before and after
"""
