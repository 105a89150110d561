"""python3 listeners.py DATABASE LISTENERS SECONDS: holds so many connections that LISTEN, and counts what arrives."""
import select
import sys
import time

from postgres import Connection

database, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
listeners = {}
for _ in range(count):
    one = Connection(database)
    one.query("LISTEN scrapersky")
    listeners[one.socket] = one
print(f"{count} listen", flush=True)
end, arrived = time.monotonic() + seconds, 0
while time.monotonic() < end:
    for ready in select.select(list(listeners), [], [], 0.1)[0]:
        arrived += len(ready.recv(1 << 20)) > 0 and 1
print(f"{arrived / seconds:.0f} wake-ups a second over all of them")
