# title: A script in Perl reads, sorts and calls programs
# needs: perl
# as: user

perl -e 'open my $f, "<", "/etc/passwd"; my @u = sort map { (split /:/)[0] } <$f>; print scalar(@u), `date`; system("ls", "/tmp") == 0 or die' >/dev/null
