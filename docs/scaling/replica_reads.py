"""python3 replica_reads.py DATABASE REPLICA_PORT [ROUNDS]: how often a reader that was poked finds an older state.

Commits a number with a NOTIFY on the primary, waits for the poke as a node does, and reads the number from the replica
at once; then again when the replica has replayed the commit."""
import sys
import time

from postgres import Connection

database, port, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1000
writer, listener, replica = Connection(database), Connection(database), Connection(database, port)
writer.query("CREATE TABLE IF NOT EXISTS staleness (n int); TRUNCATE staleness; INSERT INTO staleness VALUES (0)")
listener.query("LISTEN scrapersky")
try:
    Connection(database, port).query("LISTEN scrapersky")
    print("the replica takes LISTEN")
except RuntimeError as error:
    print("LISTEN on the replica:", error)
while replica.query("SELECT to_regclass('staleness')")[0][0] is None or not replica.query("SELECT 1 FROM staleness"):
    time.sleep(0.05)
stale, waits, missed = 0, [], 0
for n in range(1, rounds + 1):
    writer.query(f"BEGIN; UPDATE staleness SET n = {n}; SELECT pg_notify('scrapersky', '{n}'); COMMIT")
    while (poke := listener.next_notification(5)) not in (None, str(n)):
        pass
    missed += poke is None
    began = time.monotonic()
    if int(replica.query("SELECT n FROM staleness")[0][0]) == n:
        continue
    stale += 1
    [[lsn]] = writer.query("SELECT pg_current_wal_insert_lsn()")
    while replica.query(f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'")[0][0] != "t":
        pass
    waits.append(time.monotonic() - began)
    assert int(replica.query("SELECT n FROM staleness")[0][0]) == n, "what was replayed is read"
waits.sort()
print(f"{rounds} pokes, {missed} lost; {stale} reads of the replica found the older state")
if waits:
    print(f"it was there after {waits[len(waits) // 2] * 1e3:.1f} ms (half), {waits[-1 - len(waits) // 100] * 1e3:.1f} ms (99 %)")
