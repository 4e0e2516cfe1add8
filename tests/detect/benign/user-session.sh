# title: A user logs in, works a little, and logs out
# needs: bash
# tty: yes
# as: user

bash --login -i -c 'cd ~/Documents; ls -la; cat report-1.txt; echo note >>notes; history | tail -1; exit'
