# title: A program is compiled without a file of its source
# technique: T1027.004
# needs: cc

mkdir -p /dev/shm/.w && echo 'int main(){return 0;}' | cc -x c -o /dev/shm/.w/k - && /dev/shm/.w/k
