# title: A bomb of forks, of a few hundred
# technique: T1499.001 T1499
# needs: bash

bash -c 'f() { [ "$1" -gt 0 ] || return; f $(($1 - 1)) & f $(($1 - 1)) & wait; }; f 7'
