/* What a process looks like whose credentials an exploit has changed: a child of a user's process runs as root. */
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    if (fork() == 0) {
        setresgid(1000, 1000, 0);
        setresuid(1000, 1000, 0);
        if (fork() == 0) {
            setresuid(0, 0, 0);
            execl("/bin/sh", "sh", "-c", "id", (char *)0);
        }
        wait(0);
        _exit(0);
    }
    wait(0);
    return 0;
}
