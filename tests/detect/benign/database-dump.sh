# title: A database is dumped, and the dump compressed
# needs: sqlite3 gzip

sqlite3 /srv/shop.db 'create table t(a); insert into t values(1);' && sqlite3 /srv/shop.db .dump | gzip >/var/backups/shop.sql.gz
sqlite3 /srv/shop.db 'vacuum; pragma integrity_check;'
