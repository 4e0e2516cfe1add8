# title: What runs in a container does its ordinary work
# in: container
# short: yes

mkdir -p /srv/data/out && date >/srv/data/out/x && cat /etc/hosts /etc/resolv.conf && ls / && sort /etc/passwd >/srv/data/out/y && sleep 0.1
