# title: A user's cookies are copied
# technique: T1539
# as: user

cp ~/.mozilla/firefox/*/cookies.sqlite /tmp/c1; cp ~/.config/google-chrome/Default/Cookies /tmp/c2
