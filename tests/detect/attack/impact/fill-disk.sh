# title: A disk is filled
# technique: T1499 T1485
# needs: dd
# misses: dd is as any other: how much is written no event says

mount -t tmpfs -o size=1m tmpfs /srv/data; dd if=/dev/zero of=/srv/data/x bs=64k 2>/dev/null; umount /srv/data
