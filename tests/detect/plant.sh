#!/bin/sh
# Makes what scenes find on their machine: users, keys, logs, documents, of nobody. `sh plant.sh FOLDER` makes the folder.
set -eu
umask 022
mkdir -p "$1"
cd "$1"

# Writes what comes in on stdin; folders on the way are made.
put() { mkdir -p "$(dirname "$1")"; cat >"$1"; }
line() { printf '%s\n' "$2" | put "$1"; }

private_key() {
    put "$1" <<END
-----BEGIN OPENSSH PRIVATE KEY-----
bm90aGluZyB0aGF0IG9wZW5zIGFueXRoaW5nLCBtYWRlIGZvciBhIHRlc3Q=
-----END OPENSSH PRIVATE KEY-----
END
    chmod 600 "$1"
}

# === Homes ===

home() {
    private_key "$1/.ssh/id_ed25519"
    private_key "$1/.ssh/id_rsa"
    line "$1/.ssh/id_ed25519.pub" 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample someone@example'
    line "$1/.ssh/authorized_keys" 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample admin@example'
    line "$1/.ssh/known_hosts" '10.20.0.9 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample'
    line "$1/.ssh/config" 'Host db'
    printf '[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n' | put "$1/.aws/credentials"
    line "$1/.aws/config" '[default]'
    line "$1/.config/gcloud/application_default_credentials.json" '{"type": "authorized_user"}'
    line "$1/.config/gcloud/credentials.db" 'nothing'
    line "$1/.azure/msal_token_cache.json" '{}'
    line "$1/.kube/config" 'apiVersion: v1'
    line "$1/.docker/config.json" '{"auths": {"registry.example": {"auth": "ZXhhbXBsZQ=="}}}'
    line "$1/.git-credentials" 'https://someone:example@git.example'
    line "$1/.netrc" 'machine ftp.example login someone password example'
    line "$1/.pgpass" 'db.example:5432:*:someone:example'
    line "$1/.my.cnf" '[client]'
    line "$1/.npmrc" '//registry.example/:_authToken=example'
    line "$1/.pypirc" '[pypi]'
    line "$1/.vault-token" 'example'
    line "$1/.gnupg/private-keys-v1.d/0123456789ABCDEF.key" 'nothing'
    line "$1/.password-store/mail.gpg" 'nothing'
    line "$1/.local/share/keyrings/login.keyring" 'nothing'
    line "$1/.local/share/kwalletd/kdewallet.kwl" 'nothing'
    line "$1/.config/google-chrome/Default/Login Data" 'nothing'
    line "$1/.config/google-chrome/Default/Cookies" 'nothing'
    line "$1/.config/google-chrome/Default/History" 'nothing'
    line "$1/.config/google-chrome/Default/Bookmarks" '{}'
    line "$1/.mozilla/firefox/a1b2c3d4.default-release/logins.json" '{}'
    line "$1/.mozilla/firefox/a1b2c3d4.default-release/key4.db" 'nothing'
    line "$1/.mozilla/firefox/a1b2c3d4.default-release/cookies.sqlite" 'nothing'
    line "$1/.mozilla/firefox/a1b2c3d4.default-release/places.sqlite" 'nothing'
    line "$1/.mozilla/firefox/profiles.ini" '[Profile0]'
    line "$1/.thunderbird/a1b2c3d4.default/ImapMail/mail.example/INBOX" 'From: someone'
    printf 'ls\nmysql -u root -pexample\nssh db\n' | put "$1/.bash_history"
    line "$1/.bashrc" ':'
    line "$1/.profile" ':'
    mkdir -p "$1/.config/autostart" "$1/.config/systemd/user"
    for number in 1 2 3 4 5 6 7 8; do
        for kind in docx xlsx pdf txt; do
            line "$1/Documents/report-$number.$kind" "a document, number $number"
        done
        line "$1/Pictures/photo-$number.jpg" "a picture, number $number"
    done
    chmod 700 "$1" "$1/.ssh" "$1/.gnupg"
    chmod 600 "$1/.ssh/authorized_keys" "$1/.aws/credentials" "$1/.bash_history" "$1/.netrc" "$1/.pgpass"
}

# A pair that fits together, where there is what makes one: root and ann may log in to each other.
pair() {
    command -v ssh-keygen >/dev/null || return 0
    rm -f "$1/.ssh/id_ed25519"
    ssh-keygen -q -t ed25519 -N '' -C root -f "$1/.ssh/id_ed25519"
    cat "$1/.ssh/id_ed25519.pub" >>home/ann/.ssh/authorized_keys
}

home root
home home/ann
home home/bob
pair root

# === /etc, over the machine's own ===

mkdir -p etc
for name in passwd shadow group gshadow; do
    cp -p "/etc/$name" "etc/$name" 2>/dev/null || : >"etc/$name"
done
# Hashes of the machine's own users stay where they are.
sed -i 's/^\([^:]*\):[^:]*:/\1:*:/' etc/shadow
for user in ann:1000 bob:1001; do
    name=${user%:*} number=${user#*:}
    sed -i "/^$name:/d;/:x:$number:/d" etc/passwd etc/group
    echo "$name:x:$number:$number:$name:/home/$name:/bin/bash" >>etc/passwd
    echo "$name:x:$number:" >>etc/group
    # The password is `example`, of nobody.
    echo "$name:\$6\$saltsalt\$nothing:19000:0:99999:7:::" >>etc/shadow
done
chmod 640 etc/shadow etc/gshadow
line etc/hosts '127.0.0.1 localhost'
line etc/resolv.conf 'nameserver 10.20.0.1'
line etc/crontab '17 * * * * root true'
line etc/sudoers 'root ALL=(ALL:ALL) ALL'
line etc/sudoers.d/README '# nothing'
line etc/rsyslog.conf '*.* /var/log/syslog'
line etc/logrotate.conf 'weekly'
line etc/ssh/sshd_config 'PermitRootLogin prohibit-password'
private_key etc/ssh/ssh_host_ed25519_key
line etc/krb5.keytab 'nothing'
line etc/krb5.conf '[libdefaults]'
line etc/kubernetes/admin.conf 'apiVersion: v1'
line etc/kubernetes/manifests/etcd.yaml 'apiVersion: v1'
line etc/selinux/config 'SELINUX=enforcing'
line etc/default/ufw 'IPV6=yes'
line etc/ufw/ufw.conf 'ENABLED=yes'
line etc/audit/auditd.conf 'log_file = /var/log/audit/audit.log'
line etc/audit/rules.d/audit.rules '-D'
line etc/sysctl.conf '# nothing'
line etc/motd 'welcome'
line etc/ssl/private/server.key '-----BEGIN PRIVATE KEY-----'
line etc/openvpn/client.conf 'client'
line etc/wireguard/wg0.conf 'PrivateKey = example'
line etc/NetworkManager/system-connections/office.nmconnection 'psk=example'
line etc/nginx/sites-available/default 'server {}'
line etc/mysql/debian.cnf 'password = example'
line etc/security/opasswd ''
printf '#!/bin/sh\nuname -a\n' | put etc/update-motd.d/10-uname
printf '#!/bin/sh\nexit 0\n' | put etc/rc.local
chmod 755 etc/update-motd.d/10-uname etc/rc.local
chmod 440 etc/sudoers
for folder in cron.d cron.daily cron.hourly systemd/system systemd/user udev/rules.d profile.d init.d modules-load.d \
    modprobe.d ld.so.conf.d apt/apt.conf.d xdg/autostart pam.d sysctl.d tmpfiles.d environment.d apparmor.d \
    NetworkManager/dispatcher.d skel logrotate.d; do
    mkdir -p "etc/$folder"
done

# === /var, likewise ===

printf 'Jan  1 00:00:01 host sshd[1]: Accepted publickey for ann\n' | put var/log/auth.log
cp var/log/auth.log var/log/secure
printf 'Jan  1 00:00:01 host systemd[1]: started\n' | put var/log/syslog
cp var/log/syslog var/log/messages
cp var/log/syslog var/log/kern.log
cp var/log/syslog var/log/cron.log
for name in wtmp btmp lastlog faillog; do head -c 384 /dev/zero | put "var/log/$name"; done
line var/log/audit/audit.log 'type=SYSCALL'
line var/log/journal/0123456789abcdef0123456789abcdef/system.journal 'nothing'
line var/log/nginx/access.log '10.20.0.9 GET /'
line var/log/nginx/error.log 'nothing'
line var/log/mysql/error.log 'nothing'
line var/www/html/index.php '<?php echo "hello";'
line var/www/html/index.html '<h1>hello</h1>'
line var/www/html/wp-config.php "define('DB_PASSWORD', 'example');"
line var/spool/cron/crontabs/root '0 3 * * * true'
line var/spool/cron/crontabs/ann '0 3 * * * true'
line var/mail/ann 'From: someone'
line var/lib/mysql/shop/customers.ibd 'nothing'
line var/lib/kubelet/pki/kubelet-client-current.pem 'nothing'
line var/lib/kubelet/kubeconfig 'apiVersion: v1'
line var/lib/dhcp/dhclient.leases 'lease {}'
line var/backups/passwd.bak 'nothing'
line var/backups/db-1.sql.gz 'nothing'
line var/backups/db-2.sql.gz 'nothing'
line var/lib/sss/db/cache_example.ldb 'nothing'
line var/lib/NetworkManager/NetworkManager.state '[main]'
mkdir -p var/tmp

# Folders that the machine has keep their permissions.
find etc var -type d | while read -r folder; do
    [ ! -d "/$folder" ] || { chmod --reference="/$folder" "$folder" && chown --reference="/$folder" "$folder"; }
done

# === Elsewhere ===

for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    line "srv/data/customers-$number.csv" "name,card,number $number"
done
line srv/data/.env 'DB_PASSWORD=example'
line srv/git/app/.git/config '[core]'
line opt/app/config/database.yml 'password: example'
line opt/app/bin/app '#!/bin/sh'
chmod 755 opt/app/bin/app
line boot/grub/grub.cfg 'set timeout=1'
line boot/vmlinuz-test 'nothing'
line boot/initrd.img-test 'nothing'
line run/secrets/kubernetes.io/serviceaccount/token 'eyJhbGciOiJSUzI1NiJ9.example.example'
line run/secrets/kubernetes.io/serviceaccount/ca.crt 'nothing'
line run/secrets/kubernetes.io/serviceaccount/namespace 'default'
mkdir -p run/lock run/user/1000 run/systemd/system
line tmp/krb5cc_1000 'nothing'
line tmp/ssh-abcd/agent.1 'nothing'

# === Whose it is, and where it goes ===

chmod 1777 tmp var/tmp run/lock
chmod 700 run/user/1000
chown -R 1000:1000 home/ann run/user/1000
chown -R 1001:1001 home/bob
# What lies on the disk in a scene, and what lies over the machine's own.
mkdir -p own/var upper
mv root home tmp srv own/
mv var/tmp own/var/
mv etc var opt boot run upper/
