# title: cmake builds a project
# needs: cmake cc
# as: user

mkdir -p ~/p && cd ~/p && echo 'int main(){return 0;}' >main.c
printf 'cmake_minimum_required(VERSION 3.10)\nproject(p C)\nadd_executable(p main.c)\n' >CMakeLists.txt
cmake -S . -B build >/dev/null && cmake --build build && build/p
