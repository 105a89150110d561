#!/bin/sh
# connections.sh: memory of PostgreSQL's processes on this machine, by what is connected. Needs to be root or postgres.
psql -Atc "SELECT pid, coalesce(nullif(application_name, ''), 'unnamed') FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()" "${1:-postgres}" |
while IFS='|' read -r pid name; do
  awk -v name="$name" '/^Private_/ { own += $2 } /^Pss:/ { pss = $2 } END { print name, own, pss }' "/proc/$pid/smaps_rollup"
done | awk '{ n[$1]++; own[$1] += $2; pss[$1] += $3 }
  END { for (name in n) printf "%s: %d connections, %.1f MB private each, %.1f MB with the share of common pages\n", name, n[name], own[name] / n[name] / 1024, pss[name] / n[name] / 1024 }'
