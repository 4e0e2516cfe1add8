# title: A job is written into the spool of at, without at
# technique: T1053.002

mkdir -p /var/spool/cron/atjobs
printf '#!/bin/sh\nid\n' >/var/spool/cron/atjobs/a0000101abcdef
chmod 700 /var/spool/cron/atjobs/a0000101abcdef
