# title: A machine within the machine, without a window, from /tmp
# technique: T1564.006
# needs: qemu-system-x86_64

timeout 2 qemu-system-x86_64 -nographic -m 32 -net none -drive file=/tmp/.d,format=raw; true
