# title: insmod loads a module from /tmp, which is none
# technique: T1014 T1547.006
# needs: insmod

printf 'nothing' >/tmp/diamorphine.ko
insmod /tmp/diamorphine.ko; true
