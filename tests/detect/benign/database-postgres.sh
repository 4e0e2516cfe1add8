# title: PostgreSQL is set up, started, asked, reloaded and stopped
# needs: /usr/lib/postgresql/15/bin/initdb

bin=/usr/lib/postgresql/15/bin; mkdir -p /var/lib/pg /run/postgresql && chown postgres /var/lib/pg /run/postgresql
run() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
run $bin/initdb -D /var/lib/pg -A trust >/dev/null && run $bin/pg_ctl -D /var/lib/pg -o '-k /run/postgresql' -w -l /var/lib/pg/log start
run psql -h /run/postgresql -c 'create table t(a int); insert into t values (1); select * from t' postgres; run $bin/pg_ctl -D /var/lib/pg reload; run pg_dump -h /run/postgresql postgres >/dev/null; run $bin/pg_ctl -D /var/lib/pg -m fast stop
