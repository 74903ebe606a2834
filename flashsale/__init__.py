"""The composition root: everything is put together here, and nothing is decided here.

cli.py              the console script; commands/ one module a command
environment.py      the settings of every package, decoded once; variables.py where they come from
processes.py        how a child process is started, so that it never outlives its parent
die_with_parent.py  the few lines that run inside the child before it becomes the command
stack/              the embedded stack of `flashsale up`, `run`, `demo` and the tests
demo/               a whole sale in a minute, and the ledger of every promise
simulator/          a payment provider that misbehaves on request

The console script is the third caller of everything, so it belongs to none of the packages it
calls (docs/decisions/0001-one-console-script.md). Nobody imports this package but tests and load
tests.
"""
