// What compilers call by themselves, and libc/string.h has. Moving and filling are instructions of WebAssembly.
#include <stddef.h>

#include "../../libc/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	return __builtin_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	return __builtin_memmove(to, from, size);
}

void *memset(void *memory, int byte, size_t size)
{
	return __builtin_memset(memory, byte, size);
}

int memcmp(const void *one, const void *other, size_t size)
{
	const unsigned char *a = one, *b = other;

	for (; size >= 8; a += 8, b += 8, size -= 8) {
		unsigned long long x, y;

		__builtin_memcpy(&x, a, 8);
		__builtin_memcpy(&y, b, 8);
		if (x != y)
			break;
	}
	for (; size > 0; a++, b++, size--) {
		if (*a != *b)
			return *a - *b;
	}
	return 0;
}

void *memchr(const void *memory, int byte, size_t size)
{
	const unsigned char *at = memory;

	for (; size > 0; at++, size--) {
		if (*at == (unsigned char)byte)
			return (void *)at;
	}
	return NULL;
}

size_t strlen(const char *string)
{
	size_t size = 0;

	while (string[size] != '\0')
		size++;
	return size;
}

int strcmp(const char *one, const char *other)
{
	while (*one != '\0' && *one == *other) {
		one++;
		other++;
	}
	return (unsigned char)*one - (unsigned char)*other;
}

int strncmp(const char *one, const char *other, size_t size)
{
	for (; size > 0 && *one != '\0' && *one == *other; size--) {
		one++;
		other++;
	}
	return size == 0 ? 0 : (unsigned char)*one - (unsigned char)*other;
}

char *strchr(const char *string, int byte)
{
	for (; *string != (char)byte; string++) {
		if (*string == '\0')
			return NULL;
	}
	return (char *)string;
}
