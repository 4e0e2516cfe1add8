# title: Which language and place it is
# technique: T1614.001 T1614
# needs: locale

locale; cat /etc/default/locale /etc/timezone; curl -s http://ipinfo.example/country; true
