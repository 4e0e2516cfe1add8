# title: dd copies the memory of another process
# technique: T1003.007
# needs: dd

sleep 5 & sleep 0.1
at=$((0x$(sed -n 's/^\([0-9a-f]*\)-.*rw-p.*/\1/p' /proc/$!/maps | head -1)))
dd if=/proc/$!/mem of=/tmp/m bs=1 skip="$at" count=64 2>/dev/null; kill $!
