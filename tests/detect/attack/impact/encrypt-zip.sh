# title: Documents are moved into an archive with a password
# technique: T1486 T1560.001
# needs: zip

cd /home/ann && zip -q -m -r -P x data.zip Documents
