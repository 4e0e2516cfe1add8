# title: The old way out of a container: a program that the kernel runs when a control group is empty
# technique: T1611
# needs: mount

mkdir /tmp/cg && mount -t cgroup -o none,name=lanner_detect cgroup /tmp/cg && mkdir /tmp/cg/x
echo 1 >/tmp/cg/x/notify_on_release
echo /nothing-that-is-there >/tmp/cg/release_agent
rmdir /tmp/cg/x; umount /tmp/cg
