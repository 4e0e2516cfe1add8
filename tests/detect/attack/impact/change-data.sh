# title: A database's file and a list of payments are changed in their places
# technique: T1565.001 T1565

sed -i 's/number/NUMBER/' /srv/data/customers-*.csv; printf x | dd of=/var/lib/mysql/shop/customers.ibd conv=notrunc 2>/dev/null
