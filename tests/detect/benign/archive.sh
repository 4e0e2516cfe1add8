# title: A user packs his documents and sends them to himself
# needs: tar zip gzip
# as: user

cd ~ && tar czf documents.tgz Documents && zip -q -r documents.zip Documents && gzip -k Documents/report-1.txt && unzip -l documents.zip >/dev/null
