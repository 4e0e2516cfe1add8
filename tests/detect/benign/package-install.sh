# title: A package with a service, a user and scripts is installed
# needs: dpkg dpkg-deb
# writes: /usr
# short: yes

mkdir -p p/DEBIAN p/usr/sbin p/lib/systemd/system p/etc/default p/etc/logrotate.d
printf 'Package: hello-daemon\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a daemon\n' >p/DEBIAN/control
printf '#!/bin/sh\nexec sleep 1\n' >p/usr/sbin/hellod && chmod 755 p/usr/sbin/hellod
printf '[Service]\nExecStart=/usr/sbin/hellod\n' >p/lib/systemd/system/hellod.service
echo 'OPTIONS=' >p/etc/default/hellod; printf '/var/log/hellod.log {\n weekly\n}\n' >p/etc/logrotate.d/hellod
printf '#!/bin/sh\nset -e\nif [ "$1" = configure ]; then useradd -r -M -s /usr/sbin/nologin hellod || true; mkdir -p /var/lib/hellod; chown hellod /var/lib/hellod; systemctl enable hellod || true; fi\n' >p/DEBIAN/postinst
chmod 755 p/DEBIAN/postinst; dpkg-deb --root-owner-group --build p hello.deb
dpkg -i hello.deb; systemctl status hellod 2>/dev/null; true
