#!/bin/sh
# move_tenant.sh FROM TO TENANT_ID: copies a tenant's rows into another database with the same schema, in the order that
# its foreign keys ask for. Nothing of the tenant may be under way; afterwards it is removed from FROM by one DELETE.
set -eu
for table in tenants batch_jobs domains jobs sitemaps idempotency_keys; do
  key=tenant_id; [ "$table" = tenants ] && key=id
  psql -qc "COPY (SELECT * FROM $table WHERE $key = '$3' ORDER BY 1) TO STDOUT" "$1" | psql -qc "COPY $table FROM STDIN" "$2"
done
