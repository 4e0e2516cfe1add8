# title: The metadata service tells of the cloud around
# technique: T1580 T1526 T1552.005
# needs: curl

curl -s http://169.254.169.254/latest/meta-data/; curl -s http://169.254.169.254/latest/dynamic/instance-identity/document; curl -s -H 'Metadata-Flavor: Google' http://169.254.169.254/computeMetadata/v1/project/
