# title: The lists of packages are looked through
# needs: apt-get apt-cache

apt-cache policy bash coreutils; apt-get -s install hello 2>/dev/null | tail -1; apt list --upgradable 2>/dev/null | head -2; true
