# title: Who is here, and who am I
# technique: T1033
# needs: who

whoami; id; w; who; last -n5; users 2>/dev/null; true
