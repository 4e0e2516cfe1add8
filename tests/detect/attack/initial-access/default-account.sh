# title: A service's account is used to log in
# technique: T1078.001 T1078.003
# needs: su setpriv

sed -i 's#^www-data:.*#www-data:x:33:33::/var/www:/bin/bash#' /etc/passwd
su www-data -c 'id; cat /etc/passwd >/dev/null'
