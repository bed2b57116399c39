# Starts a PostgreSQL for the demo alone, on a Unix socket, and ends it with the demo.
database=$(mktemp -d)
trap 'pg_ctl --pgdata="$database/data" --mode=immediate --silent stop || true; rm -rf "$database"' EXIT
initdb --pgdata="$database/data" --username=octra --auth=trust --no-sync >/dev/null
pg_ctl --pgdata="$database/data" --options="-h '' -k $database" --log="$database/log" --wait --silent start
createdb --host="$database" --username=octra octra
export OCTRA_DSN="host=$database user=octra dbname=octra"
