/// What a frame holds, in the form of tests/golden/frame-v2.txt.
#pragma once

#include <stdio.h>

#include <lanner/lanner.h>

/// A value of any type that a field has.
#define SHOW(record, row, field, it)                                                                                   \
	do {                                                                                                           \
		fprintf(out, "%s %u %s ", record, row, field);                                                         \
		_Generic((it),                                                                                         \
			lanner_text: show_text,                                                                        \
			lanner_address: show_address,                                                                  \
			lanner_list: show_list,                                                                        \
			bool: show_bool,                                                                               \
			lanner_bool: show_known_bool,                                                                  \
			lanner_u8: show_u8,                                                                            \
			lanner_u16: show_u16,                                                                          \
			lanner_u32: show_u32,                                                                          \
			lanner_u64: show_u64,                                                                          \
			lanner_i32: show_i32,                                                                          \
			lanner_i64: show_i64,                                                                          \
			uint8_t: show_unsigned,                                                                        \
			uint16_t: show_unsigned,                                                                       \
			uint32_t: show_unsigned,                                                                       \
			uint64_t: show_unsigned,                                                                       \
			int32_t: show_signed,                                                                          \
			int64_t: show_signed)(out, it);                                                                \
		fputc('\n', out);                                                                                      \
	} while (0)

void show_text(FILE *out, lanner_text text);
void show_address(FILE *out, lanner_address address);
void show_list(FILE *out, lanner_list list);
void show_bool(FILE *out, bool yes);
void show_known_bool(FILE *out, lanner_bool yes);
void show_u8(FILE *out, lanner_u8 number);
void show_u16(FILE *out, lanner_u16 number);
void show_u32(FILE *out, lanner_u32 number);
void show_u64(FILE *out, lanner_u64 number);
void show_i32(FILE *out, lanner_i32 number);
void show_i64(FILE *out, lanner_i64 number);
void show_unsigned(FILE *out, uint64_t number);
void show_signed(FILE *out, int64_t number);

void dump_process(FILE *out, uint32_t row, lanner_process process);
void dump_event(FILE *out, uint32_t row, const lanner_event *event);
void dump_container(FILE *out, uint32_t row, lanner_container container);
void dump_label(FILE *out, uint32_t row, lanner_label label);
void dump_container_mount(FILE *out, uint32_t row, lanner_container_mount container_mount);
void dump_payload(FILE *out, const lanner_event *event);

/// All sections, in the order of the golden text.
void dump_frame(FILE *out, const lanner_frame *frame);
