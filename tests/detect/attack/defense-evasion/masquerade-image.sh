# title: A program that is called like a picture
# technique: T1036.008

cp /bin/true /srv/photo.jpg && chmod +x /srv/photo.jpg && /srv/photo.jpg
