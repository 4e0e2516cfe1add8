/* Writes code into memory, makes it executable, and runs it: it only returns. */
#include <string.h>
#include <sys/mman.h>

int main(void) {
    unsigned char code[] = {0x31, 0xc0, 0xc3};
    void *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(memory, code, sizeof code);
    mprotect(memory, 4096, PROT_READ | PROT_EXEC);
    void *both = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(both, code, sizeof code);
    return ((int (*)(void))memory)() + ((int (*)(void))both)();
}
