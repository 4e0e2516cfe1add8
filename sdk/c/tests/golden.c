// A frame with every field reads as every SDK reads it; and whatever else comes, nothing outside of it is read.
#include "check.h"
#include "dump.h"

/// A copy that ends where the frame does, so that the sanitizer sees who reads beyond.
static void dump_bytes(FILE *out, const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	lanner_frame frame;

	memcpy(copy, bytes, size);
	if (!lanner_frame_read(&frame, copy, size)) {
		for (uint32_t row = 0; row < lanner_frame_events(&frame); row++) {
			lanner_event event = lanner_frame_event(&frame, row);
			lanner_process ancestor;
			unsigned steps = 0;

			LANNER_EACH_ANCESTOR(ancestor, lanner_event_process(&event))
				steps++;
			CHECK(steps <= frame.sections[LANNER_RECORD_PROCESS].count);
		}
		// A frame may say that it has very many records, each of which is none.
		if (frame.sections[LANNER_RECORD_EVENT].count < 10000 && frame.sections[LANNER_RECORD_PROCESS].count < 10000)
			dump_frame(out, &frame);
	}
	free(copy);
}

static void reads_every_field(const char *bytes, size_t size)
{
	size_t expected_size, shown_size;
	char *expected = read_file("golden/frame-v2.txt", &expected_size), *shown;
	FILE *out = open_memstream(&shown, &shown_size);

	dump_bytes(out, bytes, size);
	fclose(out);
	for (size_t at = 0, line = 1; at < expected_size || at < shown_size; at++) {
		if (at >= expected_size || at >= shown_size || expected[at] != shown[at]) {
			fprintf(stderr, "frame-v2.txt: line %zu is another\n", line);
			exit(1);
		}
		line += expected[at] == '\n';
	}
	free(expected);
	free(shown);
}

static void survives_cuts(FILE *out, const char *bytes, size_t size)
{
	for (size_t cut = 0; cut < size; cut++) {
		// Once as a frame that is cut, once as one that says that it is so long.
		char *copy = malloc(cut > 12 ? cut : 12);
		unsigned said = (unsigned)cut;

		dump_bytes(out, bytes, cut);
		memcpy(copy, bytes, cut);
		for (unsigned byte = 0; byte < 4; byte++)
			copy[8 + byte] = (char)(said >> 8 * byte);
		dump_bytes(out, copy, cut);
		free(copy);
	}
}

static unsigned long long random_state = 0x1a2b3c4d5e6f7081;

static unsigned next_random(void)
{
	// Xorshift (Marsaglia, 2003).
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 32);
}

static void survives_flips(FILE *out, const char *bytes, size_t size)
{
	char *copy = malloc(size);

	for (unsigned round = 0; round < 4000; round++) {
		memcpy(copy, bytes, size);
		for (unsigned flip = next_random() % 8 + 1; flip > 0; flip--) {
			// The head and the table are where most can go wrong.
			size_t at = next_random() % (round % 2 ? size : size < 1024 ? size : 1024);

			copy[at] ^= (char)(1 << next_random() % 8);
		}
		dump_bytes(out, copy, size);
	}
	free(copy);
}

int main(int count, char **arguments)
{
	FILE *nowhere = fopen("/dev/null", "w");
	size_t size;
	char *bytes;

	if (count > 1)
		test_folder = arguments[1];
	bytes = read_file("golden/frame-v2.bin", &size);
	reads_every_field(bytes, size);
	survives_cuts(nowhere, bytes, size);
	survives_flips(nowhere, bytes, size);
	fclose(nowhere);
	free(bytes);
	return 0;
}
