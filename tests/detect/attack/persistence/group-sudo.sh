# title: A user becomes a member of a group that may do everything
# technique: T1098.007
# needs: usermod

groupadd -f sudo
usermod -aG sudo ann
