# title: Documents are packed with a password
# technique: T1560.001
# needs: zip

zip -q -r -P x /tmp/d.zip /home/ann/Documents /srv/data
