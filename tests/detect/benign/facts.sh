# title: A monitoring agent looks at the machine
# short: yes

cat >/usr/local/bin/agent <<'END'
#!/bin/sh
uptime; df -P; free; cat /proc/loadavg /proc/meminfo /proc/stat /proc/net/dev; ps -eo pid,comm,rss --no-headers | head -5; ss -s; ip -s link; who | wc -l
END
chmod +x /usr/local/bin/agent && /usr/local/bin/agent
