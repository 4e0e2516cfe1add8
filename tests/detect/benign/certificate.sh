# title: A certificate for a server is made and looked at
# needs: openssl
# short: yes

mkdir -p /etc/ssl/own && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=www.example.org -keyout /etc/ssl/own/key.pem -out /etc/ssl/own/cert.pem 2>/dev/null
chmod 600 /etc/ssl/own/key.pem && openssl x509 -in /etc/ssl/own/cert.pem -noout -dates
