"""What people type: one module a command, each a thin face of something that lives elsewhere.

``failures.py``  known failures as messages, hints and exit codes
``quiet.py``     logs of a command go to stderr
``tables.py``    laws and settings as tables
``api.py``       the engine's HTTP API, over the network or inside this process
``up.py``, ``run.py``, ``demo.py``               the embedded stack
``gateway.py``, ``worker.py``, ``migrate.py``    one process against servers of the environment
``sale.py``, ``user.py``                         what an operator does
``verify.py``, ``recover.py``, ``config.py``     what an operator wants to know, or to repair

Modules import only click at the top; what is heavy is imported inside the function.
"""
