# title: A program whose name ends with a space
# technique: T1036.006

cp /bin/true '/usr/local/bin/ls ' && '/usr/local/bin/ls '
