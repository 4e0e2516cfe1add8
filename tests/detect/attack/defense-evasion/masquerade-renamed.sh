# title: A shell under another name
# technique: T1036.003

cp /bin/sh /usr/local/bin/logrotated
/usr/local/bin/logrotated -c 'id; uname -a'
