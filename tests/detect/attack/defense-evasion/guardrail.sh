# title: A program goes on only where a name is right
# technique: T1480.001 T1480
# misses: that a program acts only on one machine is nothing that it does

[ "$(hostname)" = victim ] || exit 0
