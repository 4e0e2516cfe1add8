# title: runc starts a container of one program
# needs: runc busybox
# in: host

mkdir -p b/rootfs/bin && cp /bin/busybox b/rootfs/bin/ && cd b && for a in sh ls id; do ln -s busybox rootfs/bin/$a; done
runc spec && sed -i 's/"terminal": true/"terminal": false/; s/"sh"$/"\/bin\/ls"/' config.json && runc --root "$PLACE/runc" run detect-runc
