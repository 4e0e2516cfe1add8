# title: vim changes a file
# needs: vim
# as: user

cd ~ && echo one >note.txt && timeout 5 vim -es -u NONE -c '%s/one/two/' -c wq note.txt </dev/null; cat note.txt; echo "alias ll='ls -l'" >>~/.bashrc
