# title: A directory is asked for its users
# technique: T1087.002 T1069.002
# needs: ldapsearch

timeout 3 ldapsearch -x -H ldap://10.20.0.9 -b dc=example '(objectClass=user)'; true
