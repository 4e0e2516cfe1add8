#include "check.h"

const char *test_folder = "../../tests";

char *read_file(const char *name, size_t *size)
{
	char path[4096];
	FILE *file;
	char *bytes;
	long end;

	snprintf(path, sizeof path, "%s/%s", test_folder, name);
	file = fopen(path, "rb");
	if (!file) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	end = ftell(file);
	rewind(file);
	bytes = malloc((size_t)end + 1);
	*size = fread(bytes, 1, (size_t)end, file);
	bytes[*size] = '\0';
	fclose(file);
	return bytes;
}
