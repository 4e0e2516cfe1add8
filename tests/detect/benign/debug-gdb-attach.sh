# title: An administrator looks into a process that runs
# needs: gdb

sleep 5 & gdb -batch -p $! -ex bt -ex detach >/dev/null 2>&1; kill $!
