# title: What was used is shredded afterwards
# technique: T1070.004
# needs: shred cc

cp /bin/true /tmp/tool && /tmp/tool && shred -u /tmp/tool
rm -rf /tmp/.work
