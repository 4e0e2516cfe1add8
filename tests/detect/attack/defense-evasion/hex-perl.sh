# title: Perl unpacks a command from hexadecimal digits
# technique: T1027.010 T1140 T1027
# needs: perl

perl -e 'system(pack("H*", "69643b20756e616d65202d61"))'
