"""A load generator that is not the bottleneck.

encode.py      a whole HTTP request as bytes, made before the clock starts
parse.py       where an answer ends, and its status: nothing else is looked at
connection.py  one keep-alive connection: send, wait for the answer, send the next
drive.py       many of them on one uvloop; what came back, and how long it took
wire.py        what the bench and a generator process tell each other
__main__.py    the generator process
launch.py      starts generator processes, holds them ready, fires them, adds up their reports
echo.py        the least that can answer HTTP, for the self-check
self_check.py  how fast the generator is when nothing else is

It is closed-loop (each connection sends when it has its answer), or paced: then each request has a
time at which it is due, and its latency counts from there, so that a server which stops for a
while is charged for all who would have come meanwhile.
"""
