# title: A program in /var/tmp goes on when its terminal closes
# technique: T1564.011
# needs: nohup

cp /bin/sleep /var/tmp/.n && nohup setsid /var/tmp/.n 0.2 >/dev/null 2>&1 &
sleep 0.3; trap '' HUP INT TERM
