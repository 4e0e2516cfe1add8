# title: Passwords of wireless networks are looked for
# technique: T1016.002

cat /etc/NetworkManager/system-connections/*; grep -r psk= /etc/NetworkManager /etc/wpa_supplicant 2>/dev/null; true
