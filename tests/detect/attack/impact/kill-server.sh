# title: A server is killed
# technique: T1489
# needs: bash

cp /bin/sleep /usr/local/sbin/mysqld && /usr/local/sbin/mysqld 5 & sleep 0.1; kill -9 $!
