# title: Users are listed
# technique: T1087.001
# needs: getent
# short: yes

cat /etc/passwd; getent passwd; grep -v -e nologin -e false /etc/passwd; lastlog 2>/dev/null | head -2; ls /home; cut -d: -f1 /etc/passwd; true
