# title: MariaDB is set up, started, asked and stopped
# needs: mariadbd mariadb-install-db

mkdir -p /var/lib/my /run/mysqld && chown mysql /var/lib/my /run/mysqld
mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/my >/dev/null 2>&1
mariadbd --no-defaults --user=mysql --datadir=/var/lib/my --socket=/run/mysqld/m.sock --skip-networking >/dev/null 2>&1 &
for i in $(seq 60); do mariadb-admin -S /run/mysqld/m.sock ping >/dev/null 2>&1 && break; sleep 0.2; done
mariadb -S /run/mysqld/m.sock -e 'create database d; show databases'; mariadb-dump -S /run/mysqld/m.sock d >/var/backups/d.sql; mariadb-admin -S /run/mysqld/m.sock shutdown; wait
