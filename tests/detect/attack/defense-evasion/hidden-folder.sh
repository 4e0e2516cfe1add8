# title: A program in a folder of three dots
# technique: T1564.001

mkdir -p '/var/tmp/...' && cp /bin/true '/var/tmp/.../.x'
'/var/tmp/.../.x'
