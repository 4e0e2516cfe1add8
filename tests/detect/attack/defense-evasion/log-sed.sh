# title: Lines about the attacker are taken out of a log
# technique: T1070.002

sed -i '/ann/d' /var/log/auth.log
