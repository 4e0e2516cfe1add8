# title: A program runs from /dev/shm
# technique: T1620 T1564.001 T1036.005

cp /bin/true /dev/shm/.x && /dev/shm/.x; rm /dev/shm/.x
