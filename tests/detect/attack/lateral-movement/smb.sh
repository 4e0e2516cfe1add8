# title: smbclient puts a program on a share
# technique: T1021.002 T1135
# needs: smbclient

timeout 3 smbclient -N //10.20.0.9/share -c 'put /bin/true x'; true
