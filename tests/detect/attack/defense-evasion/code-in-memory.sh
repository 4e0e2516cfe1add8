# title: Code is written into memory and run there
# technique: T1620 T1055
# needs: cc

cp "$BUILT" /opt/app/bin/loader && /opt/app/bin/loader
