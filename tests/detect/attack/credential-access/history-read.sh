# title: Histories of shells are searched
# technique: T1552.003

cat /root/.bash_history /home/*/.bash_history | grep -i -e pass -e ssh; true
