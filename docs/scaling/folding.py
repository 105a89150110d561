"""python3 folding.py DATABASE: what becomes of equal pokes, and of a listener that does not read."""
import sys
import time

from postgres import Connection

sender, listener = Connection(sys.argv[1]), Connection(sys.argv[1])
listener.query("LISTEN scrapersky")


def arrived():
    count = 0
    while listener.next_notification(1.0) is not None:
        count += 1
    return count


def usage():
    return f"{float(sender.query('SELECT pg_notification_queue_usage()')[0][0]) * 8192:.1f} of 8192 MB"


sender.query("SELECT count(pg_notify('scrapersky', 'same')) FROM generate_series(1, 1000)")
print("1,000 equal pokes in one transaction arrive as", arrived())
began = time.monotonic()
sender.query("SELECT count(pg_notify('scrapersky', 'batch_' || md5(n::text))) FROM generate_series(1, 10000) n")
print(f"10,000 different ones in one transaction: {time.monotonic() - began:.2f} s, arrive as", arrived())
for _ in range(100):
    sender.query("SELECT pg_notify('scrapersky', 'same')")
print("100 equal ones in 100 transactions arrive as", arrived())
listener.query("BEGIN")
sender.query("SELECT count(pg_notify('scrapersky', 'batch_' || md5(n::text))) FROM generate_series(1, 100000) n")
print("100,000 pokes while a listener sits in a transaction: the queue holds", usage())
listener.query("COMMIT")
arrived()
print("… and after it:", usage())
