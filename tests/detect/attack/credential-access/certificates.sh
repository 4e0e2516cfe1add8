# title: Keys of certificates and networks are copied
# technique: T1649 T1552.004

cp /etc/ssl/private/server.key /tmp/; cat /etc/wireguard/wg0.conf /etc/openvpn/client.conf /etc/NetworkManager/system-connections/office.nmconnection >/dev/null
