# title: A web server, as attacked ones do, starts a shell that looks around
# technique: T1190
# needs: bash
# short: yes

cp /bin/bash /usr/local/sbin/nginx
setpriv --reuid 33 --regid 33 --clear-groups /usr/local/sbin/nginx -c 'sh -c "id; uname -a; ls -la /"; :'
