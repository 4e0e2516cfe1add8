# title: A program waits before it does anything
# technique: T1497.003 T1678
# misses: a sleep is no event: it looks like any other program that waits

cp /bin/sleep /tmp/s && sleep 0.5; sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'
