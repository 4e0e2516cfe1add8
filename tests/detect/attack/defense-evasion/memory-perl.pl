#!/usr/bin/env perl
# title: Perl makes a file in memory by the number of the call, and runs it
# technique: T1620
# needs: perl

my $fd = syscall(319, my $name = "", 0);
open(my $out, ">&=", $fd); binmode $out;
open(my $in, "<", "/bin/true"); binmode $in; { local $/; my $all = <$in>; print {$out} $all; } close $in; use IO::Handle; $out->flush();
system("/proc/$$/fd/$fd");
