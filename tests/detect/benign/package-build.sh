# title: A package is built from its source
# needs: dpkg-deb fakeroot cc

mkdir -p s/DEBIAN s/usr/bin && printf '#include <stdio.h>\nint main(){puts("hi");return 0;}\n' >hi.c
cc -O2 -o s/usr/bin/hi hi.c && strip s/usr/bin/hi && printf 'Package: hi\nVersion: 1\nArchitecture: amd64\nMaintainer: a <a@example.org>\nDescription: hi\n' >s/DEBIAN/control
fakeroot dpkg-deb --build s hi.deb && dpkg-deb -c hi.deb
