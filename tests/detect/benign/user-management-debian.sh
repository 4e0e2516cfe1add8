# title: Debian's own tools for users
# needs: adduser deluser

adduser --disabled-password --gecos '' dave && addgroup team && adduser dave team && deluser --remove-home dave
