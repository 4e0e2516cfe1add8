# title: A program removes its own file as it runs
# technique: T1070.004

cp /bin/sleep /var/tmp/svc
/var/tmp/svc 0.3 &
sleep 0.1; rm /var/tmp/svc; wait
