# title: Shares of the network are listed
# technique: T1135
# needs: showmount

timeout 3 showmount -e 10.20.0.9; timeout 3 smbclient -N -L 10.20.0.9 2>/dev/null; cat /etc/exports /proc/fs/nfsfs/servers 2>/dev/null; true
