# title: What ansible's modules do on a machine, without ansible
# needs: python3
# short: yes

mkdir -p /root/.ansible/tmp/ansible-tmp-1700000000.1-1-1 && cd /root/.ansible/tmp/ansible-tmp-1700000000.1-1-1
printf 'import os, shutil\nopen("/etc/app.conf.tmp", "w").write("a=1")\nos.rename("/etc/app.conf.tmp", "/etc/app.conf")\nos.chmod("/etc/app.conf", 0o644)\nprint(os.uname(), open("/etc/os-release").read(), os.listdir("/etc"))\n' >AnsiballZ_copy.py
chmod u+x . AnsiballZ_copy.py && python3 AnsiballZ_copy.py && rm -rf /root/.ansible/tmp/ansible-tmp-1700000000.1-1-1
