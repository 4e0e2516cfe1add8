# title: Bookmarks and histories of browsers are read
# technique: T1217
# as: user

cat ~/.config/google-chrome/Default/Bookmarks ~/.config/google-chrome/Default/History ~/.mozilla/firefox/*/places.sqlite >/dev/null
