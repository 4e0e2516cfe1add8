# title: netcat tries many ports
# technique: T1046
# needs: nc

nc -z -w1 10.20.0.9 20-90; true
