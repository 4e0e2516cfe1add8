# title: Files are read through io_uring, past those who watch system calls
# technique: T1562.001 T1562
# needs: cc
# misses: the ring is seen, and so are its opens since Linux 6.0; to find them is a rule's doing

cp "$BUILT" /opt/app/bin/reader && /opt/app/bin/reader
