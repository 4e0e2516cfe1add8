# title: A rule of udev runs a program when a device comes
# technique: T1546.017

echo 'ACTION=="add", ENV{MAJOR}=="1", RUN+="/opt/x"' >/etc/udev/rules.d/75-persistent.rules
