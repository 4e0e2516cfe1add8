# title: What is installed
# technique: T1518
# needs: dpkg

dpkg -l >/dev/null; apt list --installed >/dev/null 2>&1; rpm -qa 2>/dev/null; which gcc python3 perl nc; gcc --version; true
