# title: A job of continuous integration: clone, build, test, pack
# needs: git make cc
# as: user

git init -q ~/origin && cd ~/origin && echo 'int main(){return 0;}' >main.c && printf 'test: prog\n\t./prog\nprog: main.c\n\tcc -o prog main.c\n' >Makefile
git add . && git -c user.name=a -c user.email=a@example.org commit -qm first
mkdir -p /tmp/runner/builds && cd /tmp/runner/builds && git clone -q ~/origin app && cd app && export CI=true CI_COMMIT_SHA="$(git rev-parse HEAD)" && make test && tar czf ../app.tgz . && rm -rf ../app
