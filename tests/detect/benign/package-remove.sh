# title: A package with a user of its own is installed and purged
# needs: dpkg dpkg-deb
# writes: /usr

mkdir -p p/DEBIAN p/usr/share/doc/x && echo x >p/usr/share/doc/x/README
printf 'Package: x-data\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: data\n' >p/DEBIAN/control
printf '#!/bin/sh\n[ "$1" != purge ] || { userdel xdata 2>/dev/null; rm -rf /var/log/xdata; }; exit 0\n' >p/DEBIAN/postrm; chmod 755 p/DEBIAN/postrm
dpkg-deb --root-owner-group --build p x.deb && dpkg -i x.deb && useradd -r xdata; mkdir -p /var/log/xdata; dpkg -P x-data
