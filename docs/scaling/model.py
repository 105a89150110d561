"""python3 model.py [name=value …]: what so many nodes and one PostgreSQL carry, and what gives first.

Every default is a figure of scaling.md; give your own for other machines, sites or batches."""
import sys

MONTH = 30 * 86_400

figures = {
    # The load.
    "nodes": 1, "cores_per_node": 2, "permits": 256, "seconds_per_scan": 3.0, "kilobytes_per_scan": 131,
    "retention_months": 3, "scans_of_one_domain": 1,
    # A worker.
    "worker_ms": 1.86, "node_megabits": 1000,
    # PostgreSQL.
    "database_cores": 4, "database_ms": 0.190, "accept_ms": 0.031, "round_trip_ms": 0.5, "group": 256,
    "round_trips_under_lock": 3, "locked_ms": 0.040, "commit_ms": 1.0, "wal_kb": 12.0, "wal_megabytes_a_second": 100,
    "job_bytes": 2290, "domain_bytes": 5500, "connections_per_node": 11, "max_connections": 100, "scans_wanted": 0,
}


def ceilings(f):
    """Scans a second that each resource allows."""
    group_ms = f["round_trips_under_lock"] * f["round_trip_ms"] + f["commit_ms"] + f["group"] * f["locked_ms"]
    # A group has jobs of all batches under way, for turns are dealt so: from the lock of their rows on groups follow one
    # another, on whatever node.
    return {
        "workers' cores": f["nodes"] * f["cores_per_node"] * 1e3 / f["worker_ms"],
        "permits": f["nodes"] * f["permits"] / f["seconds_per_scan"],
        "workers' network": f["nodes"] * f["node_megabits"] * 125 / f["kilobytes_per_scan"],
        "batch rows": f["group"] * 1e3 / group_ms,
        "PostgreSQL's cores": f["database_cores"] * 1e3 / (f["database_ms"] + f["accept_ms"]),
        "WAL": f["wal_megabytes_a_second"] * 1e3 / f["wal_kb"],
    }


for word in sys.argv[1:]:
    name, _, value = word.partition("=")
    if name not in figures:
        sys.exit(f"`{name}` is none of: {', '.join(figures)}")
    try:
        figures[name] = float(value)
    except ValueError:
        sys.exit(f"`{word}`: expected a number after `=`")

limits = sorted(ceilings(figures).items(), key=lambda limit: limit[1])
for name, speed in limits:
    print(f"{name:<20} {speed:>9,.0f} scans/s {speed * MONTH / 1e6:>9,.0f} million a month")
speed = figures["scans_wanted"] or limits[0][1]
jobs = speed * MONTH * figures["retention_months"]
domains = speed * MONTH / figures["scans_of_one_domain"]
print(f"\nThe first to give: {limits[0][0]}. At {speed:,.0f} scans/s:")
print(f"  WAL          {speed * figures['wal_kb'] / 1e3:,.1f} MB/s, {speed * figures['wal_kb'] * 86.4 / 1e3:,.0f} GB a day")
print(f"  jobs         {jobs / 1e6:,.0f} million rows kept, {jobs * figures['job_bytes'] / 1e9:,.0f} GB")
print(f"  domains      {domains * figures['domain_bytes'] / 1e9:,.0f} GB more a month, if each is new")
print(f"  network      {speed * figures['kilobytes_per_scan'] / 125:,.0f} Mbit/s")
print(f"  connections  {figures['nodes'] * figures['connections_per_node']:,.0f} of {figures['max_connections']:,.0f}")
