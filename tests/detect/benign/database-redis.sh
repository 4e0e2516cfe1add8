# title: redis starts, is asked, saves and stops
# needs: redis-server redis-cli

mkdir -p /var/lib/redis; redis-server --port 6390 --bind 127.0.0.1 --dir /var/lib/redis --daemonize yes >/dev/null
for i in 1 2 3 4 5 6 7 8 9; do redis-cli -p 6390 ping 2>/dev/null | grep -q PONG && break; sleep 0.1; done
redis-cli -p 6390 set a 1; redis-cli -p 6390 bgsave; redis-cli -p 6390 shutdown
