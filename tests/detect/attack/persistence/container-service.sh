# title: A container that starts again by itself
# technique: T1543.005
# needs: docker

timeout 5 docker run -d --restart=always --name updater -v /:/host alpine sh -c 'sleep 1d'; true
