# title: A package is upgraded, with a changed configuration
# needs: dpkg dpkg-deb
# writes: /usr
# short: yes

for version in 1 2; do
    mkdir -p p/DEBIAN p/usr/bin p/etc/tool p/etc/cron.d p/etc/sudoers.d
    printf 'Package: tool\nVersion: %s\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a tool\n' $version >p/DEBIAN/control
    printf '#!/bin/sh\necho %s\n' $version >p/usr/bin/tool; chmod 755 p/usr/bin/tool
    echo "version=$version" >p/etc/tool/tool.conf; echo '5 4 * * * root /usr/bin/tool' >p/etc/cron.d/tool
    echo /etc/tool/tool.conf >p/DEBIAN/conffiles
    dpkg-deb --root-owner-group --build p "tool_$version.deb" && dpkg --force-confnew -i "tool_$version.deb"
done
dpkg --purge tool
