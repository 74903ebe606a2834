"""Side effects at providers, through ARQ: few, slow, and safe to repeat.

``names.py``      the jobs, and the id under which each is queued once
``queue.py``      puts jobs into the queue; what the worker's side of ARQ needs
``functions.py``  what each job does

A row in Postgres is the truth about every job: crons (``settlement.money.crons``) queue again what
is not done, so a lost queue loses nothing, and failing to queue never fails a request.
"""
