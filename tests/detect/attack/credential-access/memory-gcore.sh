# title: gcore writes the memory of a process into a file
# technique: T1003.007
# needs: gcore

sleep 5 & sleep 0.1
gcore -o /tmp/dump $! >/dev/null 2>&1; kill $!
