# title: A program calls itself as threads of the kernel are called
# technique: T1036.004 T1036.005 T1036
# needs: bash
# short: yes

bash -c 'exec -a "[kworker/0:1]" sleep 0.2'
