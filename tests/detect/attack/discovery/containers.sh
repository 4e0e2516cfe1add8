# title: Containers and images are listed
# technique: T1613
# needs: docker

timeout 3 docker ps -a; timeout 3 docker images; ls /var/lib/docker /run/containerd 2>/dev/null; cat /proc/1/cgroup; true
