#include "dump.h"

void show_text(FILE *out, lanner_text text)
{
	if (!text.data) {
		fputc('-', out);
		return;
	}
	fputc('"', out);
	for (size_t at = 0; at < text.size; at++) {
		unsigned char byte = (unsigned char)text.data[at];

		if (byte == '"' || byte == '\\' || byte < 0x20 || byte > 0x7e)
			fprintf(out, "\\x%02x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

void show_address(FILE *out, lanner_address address)
{
	if (!address.known)
		fputc('-', out);
	for (unsigned byte = 0; address.known && byte < 16; byte++)
		fprintf(out, "%02x", address.bytes[byte]);
}

void show_list(FILE *out, lanner_list list)
{
	if (list.known)
		fprintf(out, "%u", list.rows.count);
	else
		fputc('-', out);
}

void show_bool(FILE *out, bool yes)
{
	fputs(yes ? "true" : "false", out);
}

void show_known_bool(FILE *out, lanner_bool yes)
{
	fputs(!yes.known ? "-" : yes.value ? "true" : "false", out);
}

void show_unsigned(FILE *out, uint64_t number)
{
	fprintf(out, "%llu", (unsigned long long)number);
}

void show_signed(FILE *out, int64_t number)
{
	fprintf(out, "%lld", (long long)number);
}

#define SHOW_KNOWN(name, show)                                                                                         \
	void show_##name(FILE *out, lanner_##name number)                                                              \
	{                                                                                                              \
		if (number.known)                                                                                      \
			show(out, number.value);                                                                       \
		else                                                                                                   \
			fputc('-', out);                                                                               \
	}

SHOW_KNOWN(u8, show_unsigned)
SHOW_KNOWN(u16, show_unsigned)
SHOW_KNOWN(u32, show_unsigned)
SHOW_KNOWN(u64, show_unsigned)
SHOW_KNOWN(i32, show_signed)
SHOW_KNOWN(i64, show_signed)

void dump_frame(FILE *out, const lanner_frame *frame)
{
	for (uint32_t row = 0; row < frame->sections[LANNER_RECORD_PROCESS].count; row++) {
		lanner_process process = { lanner_frame_row(frame, LANNER_RECORD_PROCESS, row) };

		dump_process(out, row, process);
	}
	for (uint32_t row = 0; row < lanner_frame_events(frame); row++) {
		lanner_event event = lanner_frame_event(frame, row);

		dump_event(out, row, &event);
	}
	for (uint32_t row = 0; row < frame->sections[LANNER_RECORD_CONTAINER].count; row++) {
		lanner_container container = { lanner_frame_row(frame, LANNER_RECORD_CONTAINER, row) };

		dump_container(out, row, container);
	}
	for (uint32_t row = 0, number = 0; row < frame->sections[LANNER_RECORD_CONTAINER].count; row++) {
		lanner_container container = { lanner_frame_row(frame, LANNER_RECORD_CONTAINER, row) };
		lanner_list lists[2] = { lanner_container_labels(container), lanner_container_pod_labels(container) };

		for (unsigned list = 0; list < 2; list++) {
			for (uint32_t place = 0; place < lists[list].rows.count; place++)
				dump_label(out, number++, lanner_label_at(&lists[list], place));
		}
	}
	for (uint32_t row = 0, number = 0; row < frame->sections[LANNER_RECORD_CONTAINER].count; row++) {
		lanner_container container = { lanner_frame_row(frame, LANNER_RECORD_CONTAINER, row) };
		lanner_list mounts = lanner_container_mounts(container);

		for (uint32_t place = 0; place < mounts.rows.count; place++)
			dump_container_mount(out, number++, lanner_container_mount_at(&mounts, place));
	}
	for (uint32_t row = 0; row < lanner_frame_events(frame); row++) {
		lanner_event event = lanner_frame_event(frame, row);

		dump_payload(out, &event);
	}
}
