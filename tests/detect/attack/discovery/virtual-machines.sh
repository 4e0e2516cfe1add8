# title: Virtual machines of this host are listed
# technique: T1673

virsh list --all 2>/dev/null; qm list 2>/dev/null; VBoxManage list vms 2>/dev/null; ls /etc/libvirt/qemu /var/lib/libvirt/images 2>/dev/null; true
