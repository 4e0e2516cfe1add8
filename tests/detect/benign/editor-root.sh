# title: An administrator changes configurations
# needs: vim sed

sed -i 's/^#PermitEmptyPasswords.*/PermitEmptyPasswords no/' /etc/ssh/sshd_config; timeout 5 vim -es -u NONE -c '$s/$/ # note/' -c wq /etc/hosts </dev/null; cp /etc/hosts /etc/hosts.bak; diff /etc/hosts /etc/hosts.bak
