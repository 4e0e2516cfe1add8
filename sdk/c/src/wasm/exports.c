// The exports and imports of the contract (sdk/wit/lanner.wit), as the canonical ABI of components has them.
//
// What a call is given lies in memory that `cabi_realloc` gave, and is freed when the call is done. What a call gives stays until
// the host has copied it and calls the function for after that (`cabi_post_…`).
#include <lanner/memory.h>

#include "../host.h"
#include "../running.h"
#include "../scratch.h"
#include "the_pack.h"

#define EXPORT(name) __attribute__((export_name("lanner:pack/rules@2.0.0#" name)))
#define AFTER(name) __attribute__((export_name("cabi_post_lanner:pack/rules@2.0.0#" name)))
#define IMPORT(name) __attribute__((import_module("lanner:pack/host@2.0.0"), import_name(name)))

/// `list<u8>` and `string`.
typedef struct list {
	const void *at;
	size_t size;
} list;

/// `result<_, string>`.
typedef struct result {
	uint8_t is_error;
	list error;
} result;

IMPORT("emit") extern void host_emit(const void *finding, size_t size);
IMPORT("log") extern void host_log(int level, const char *message, size_t size);

static lanner_running *running;
/// What describe and save give.
static lanner_writer given;
static list given_list;
static result given_result;

static lanner_running *get(void)
{
	if (!running)
		running = lanner_running_new(lanner_get_pack());
	return running;
}

void lanner_host_emit(const void *finding, size_t size)
{
	host_emit(finding, size);
}

void lanner_host_log(enum lanner_level level, lanner_text message)
{
	host_log((int)level, message.data, message.size);
}

_Noreturn void lanner_host_end(void)
{
	__builtin_trap();
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *memory, size_t old_size, size_t alignment, size_t size)
{
	(void)old_size;
	// Nothing lies anywhere, and is not freed.
	if (size == 0)
		return (void *)alignment;
	// What is asked for is aligned to 16 at the most, as all memory is.
	return lanner_resize(memory, size);
}

static void free_given(void *memory, size_t size)
{
	if (size > 0)
		lanner_free(memory);
}

static list *give(void)
{
	given_list = (list){ given.bytes.data, given.bytes.size };
	return &given_list;
}

/// A sentence lies in scratch memory, or in the pack's.
static result *give_error(const char *error)
{
	lanner_text text = lanner_text_of(error);

	given_result = (result){ error != NULL, { text.data, text.size } };
	return &given_result;
}

EXPORT("describe") list *describe(void)
{
	given.bytes.size = 0;
	lanner_running_describe(get(), &given);
	return give();
}

AFTER("describe") void after_describe(list *list)
{
	(void)list;
	lanner_buffer_free(&given.bytes);
}

EXPORT("configure") result *configure(void *configuration, size_t size)
{
	const char *error = lanner_running_configure(get(), configuration, size);

	free_given(configuration, size);
	return give_error(error);
}

AFTER("configure") void after_configure(result *result)
{
	(void)result;
	lanner_scratch_reset();
}

EXPORT("evaluate") void evaluate(void *frame, size_t size)
{
	const char *wrong = lanner_running_evaluate(get(), frame, size);

	if (wrong)
		lanner_log(LANNER_ERROR, "a batch could not be read: ", wrong);
	free_given(frame, size);
}

EXPORT("tick") void tick(uint64_t now)
{
	lanner_running_tick(get(), now);
}

EXPORT("save") list *save(void)
{
	given.bytes.size = 0;
	lanner_running_save(get(), &given);
	return give();
}

AFTER("save") void after_save(list *list)
{
	(void)list;
	lanner_buffer_free(&given.bytes);
}

EXPORT("restore") result *restore(void *state, size_t size, char *version, size_t version_size)
{
	const char *error = lanner_running_restore(get(), state, size, lanner_text_of_bytes(version, version_size));

	free_given(state, size);
	free_given(version, version_size);
	return give_error(error);
}

AFTER("restore") void after_restore(result *result)
{
	(void)result;
	lanner_scratch_reset();
}
