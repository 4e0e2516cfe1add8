// Packs: what their handlers are given, what they raise, what they are told and keep.
#include <lanner/testing.h>

#include "check.h"

static struct {
	uint64_t opens, ticks;
	int64_t most;
	bool loud;
	char mode[16];
	size_t trusted;
} state;

static bool streq(const char *one, const char *other)
{
	return one && strcmp(one, other) == 0;
}

static void on_secret(const lanner_event *event, lanner_out *out)
{
	lanner_process by = lanner_event_process(event);
	lanner_text path = lanner_open_path(event);
	lanner_finding *finding = lanner_raise(out, lanner_process_exe_or_comm(by), " read ", path);

	lanner_fact(finding, "path", path);
	lanner_fact(finding, "pid", lanner_process_pid(by));
	lanner_fact(finding, "result", lanner_event_result(event));
	lanner_fact(finding, "inode", lanner_open_inode(event));
	lanner_fact(finding, "created", lanner_open_created(event));
	lanner_fact(finding, "process", by);
	lanner_fact(finding, "ratio", 0.5);
	lanner_fact_text(finding, "line", "$ ", lanner_process_command_line(by));
	lanner_fact_list(finding, "several", path, -1, true, "x");
	lanner_key(finding, path, ":", lanner_process_uid(by));
	lanner_because_of(finding, 7);
	lanner_because_of(finding, 7);
	if (state.loud)
		lanner_set_severity(finding, LANNER_CRITICAL);
	lanner_about(finding, lanner_process_parent(by));
}

static void on_any(const lanner_event *event, lanner_out *out)
{
	state.opens++;
	if (event->kind == LANNER_KIND_RENAME)
		lanner_raise(out, lanner_rename_old_path(event), " -> ", lanner_rename_new_path(event));
}

static void on_tick(uint64_t now, lanner_out *out)
{
	state.ticks++;
	if (state.ticks == 2)
		lanner_fact(lanner_raise(out, "two ticks"), "now", now);
}

static void on_connect(const lanner_event *event, lanner_out *out)
{
	lanner_fact(lanner_raise(out, "to ", lanner_connect_address(event), " ", lanner_connect_port(event)), "peer",
		    lanner_connect_address(event));
	lanner_raise(out, "again");
}

static const char *configure(const lanner_settings *settings)
{
	lanner_text mode = lanner_settings_text(settings, "mode");

	state.most = lanner_settings_number(settings, "most");
	state.loud = lanner_settings_bool(settings, "loud");
	state.trusted = lanner_settings_texts(settings, "trusted").count;
	memcpy(state.mode, mode.data, mode.size);
	return state.most == 13 ? "13 brings bad luck" : NULL;
}

static void save(lanner_writer *writer)
{
	lanner_write_map(writer, 1);
	lanner_write_string(writer, "opens");
	lanner_write_u64(writer, state.opens);
}

static const char *restore(lanner_reader *reader, lanner_text version)
{
	lanner_items keys = lanner_read_map(reader);

	CHECK(lanner_equals(version, "1.2.3"));
	while (lanner_next_item(reader, &keys)) {
		if (lanner_equals(lanner_read_text_item(reader), "opens"))
			state.opens = lanner_read_u64_item(reader);
		else
			lanner_read_past(reader);
	}
	return NULL;
}

static const lanner_pack pack = {
	.name = "tested",
	.version = "1.2.3",
	.rules = LANNER_RULES(
		{
			.id = "tested/secret",
			.severity = LANNER_HIGH,
			.attack = LANNER_STRINGS("T1003.008", "T1005"),
			.handlers = LANNER_HANDLERS({
				.on = LANNER_ON(LANNER_KIND_OPEN),
				.only = LANNER_ANY(LANNER_EQUALS(open.path, "/etc/shadow"), LANNER_STARTS_WITH(open.path, "/root/")),
				.run = on_secret,
			}),
		},
		{
			.id = "tested/any",
			.handlers = LANNER_HANDLERS({ .on = LANNER_ON(LANNER_KIND_OPEN, LANNER_KIND_RENAME), .run = on_any }),
			.on_tick = on_tick,
		},
		{
			.id = "tested/connect",
			.severity = LANNER_LOW,
			.handlers = LANNER_HANDLERS({
				.on = LANNER_ON(LANNER_KIND_CONNECT),
				.only = LANNER_ALL(LANNER_NOT(LANNER_WITHIN(connect.address, "10.0.0.0/8", "::1/128")),
						   LANNER_EQUALS_NUMBER(connect.port, 4444, 1337)),
				.run = on_connect,
			}),
		}),
	.settings = LANNER_SETTINGS(LANNER_SETTING_NUMBER("most", "At the most", 1, 100, 20),
				    LANNER_SETTING_BOOL("loud", "Whether it is critical", false),
				    LANNER_SETTING_ONE_OF("mode", "How", "fast", "fast", "slow"),
				    LANNER_SETTING_TEXTS("trusted", "Who may", "sshd", "login")),
	.state = LANNER_STATE(state),
	.configure = configure,
	.save = save,
	.restore = restore,
};

static void handlers_are_given_what_passes(bool told)
{
	lanner_test *test = lanner_test_new(&pack);
	lanner_made_process *nginx = lanner_make_process(test, "/usr/sbin/nginx");
	lanner_made_process *cat = lanner_made_child_of(lanner_make_process(test, "/usr/bin/cat"), nginx);
	const lanner_found *found;

	if (!told)
		lanner_test_leave_filtering(test);
	lanner_made_args(lanner_made_user(cat, 33, "www-data"), LANNER_STRINGS("cat", "/etc/shadow\n"));
	found = lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/etc/shadow"), cat));
	CHECK(found && lanner_test_count(test) == 1 && state.opens == 1);
	CHECK(streq(found->rule, "tested/secret") && found->severity == LANNER_HIGH);
	CHECK(streq(found->message, "/usr/bin/cat read /etc/shadow") && streq(found->key, "/etc/shadow:33"));
	CHECK(found->events_count == 2 && found->events[0] == 1 && found->events[1] == 7);
	CHECK(found->process == lanner_made_image(nginx));
	CHECK(streq(lanner_found_fact_of(found, "path"), "/etc/shadow") && streq(found->facts[0].type, "path"));
	CHECK(streq(lanner_found_fact_of(found, "result"), "0") && !lanner_found_fact_of(found, "inode"));
	CHECK(streq(lanner_found_fact_of(found, "created"), "false") && streq(lanner_found_fact_of(found, "ratio"), "0.500"));
	CHECK(streq(lanner_found_fact_of(found, "line"), "$ cat /etc/shadow\\n"));
	CHECK(streq(lanner_found_fact_of(found, "several"), "[/etc/shadow, -1, 1, x]") ||
	      streq(lanner_found_fact_of(found, "several"), "[/etc/shadow, -1, true, x]"));

	CHECK(!lanner_test_feed(test, lanner_make_open(test, "/etc/passwd")) && state.opens == 2);
	found = lanner_test_feed(test, lanner_make_rename(test, "/a", "/b\x1b"));
	CHECK(found && streq(found->message, "/a -> /b\\x1b") && found->severity == LANNER_MEDIUM && state.opens == 3);
	CHECK(!lanner_test_feed(test, lanner_make_unlink(test, "/root/x")));

	CHECK(!lanner_test_feed(test, lanner_make_connect(test, "10.1.2.3:4444")));
	CHECK(!lanner_test_feed(test, lanner_make_connect(test, "192.0.2.1:80")));
	CHECK(!lanner_test_feed(test, lanner_make_connect(test, "[::1]:1337")));
	CHECK(!lanner_test_feed(test, lanner_made_without(lanner_make_connect(test, "192.0.2.1:4444"),
							  LANNER_MADE_FIELD(connect.port))));
	found = lanner_test_feed(test, lanner_make_connect(test, "[2001:db8::1]:1337"));
	CHECK(found && lanner_test_count(test) == 2 && streq(found->message, "to 2001:db8::1 1337"));
	CHECK(streq(lanner_found_fact_of(found, "peer"), "2001:db8::1") && streq(lanner_test_found(test, 1)->message, "again"));
	lanner_test_end(test);
}

static void events_come_in_batches(void)
{
	lanner_test *test = lanner_test_new(&pack);
	lanner_made_event *events[300];

	for (unsigned at = 0; at < 300; at++)
		events[at] = lanner_make_open(test, at % 3 ? "/tmp/x" : "/root/y");
	lanner_test_feed_all(test, events, 300);
	CHECK(lanner_test_count(test) == 100 && state.opens == 300);
	CHECK(lanner_test_found(test, 99)->events[1] == 298);
	lanner_test_end(test);
}

static void time_goes_by(void)
{
	lanner_test *test = lanner_test_new(&pack);
	const lanner_found *found;

	CHECK(!lanner_test_wait(test, 1500000000));
	found = lanner_test_wait(test, 500000000);
	CHECK(found && found->events_count == 0 && streq(lanner_found_fact_of(found, "now"), "1700000002000000000"));
	lanner_test_feed(test, lanner_made_later(lanner_make_open(test, "/x"), 3000000000));
	CHECK(state.ticks == 5);
	lanner_test_end(test);
}

static void settings_are_told(void)
{
	const char *const *settings = LANNER_STRINGS("loud=true", "most=3", "mode=slow", "trusted=a,b,c");
	lanner_test *test = lanner_test_new(&pack);

	CHECK(state.most == 20 && !state.loud && streq(state.mode, "fast") && state.trusted == 2);
	lanner_test_end(test);
	test = lanner_test_new_with(&pack, settings, LANNER_STRINGS("tested/any"));
	CHECK(state.most == 3 && state.loud && streq(state.mode, "slow") && state.trusted == 3);
	CHECK(lanner_test_feed(test, lanner_make_open(test, "/root/x"))->severity == LANNER_CRITICAL);
	// A rule that is off sees nothing, no ticks either.
	lanner_test_wait(test, 5000000000);
	CHECK(state.opens == 0 && state.ticks == 0);
	lanner_test_end(test);
}

static void state_is_kept(void)
{
	lanner_test *test = lanner_test_new_with(&pack, LANNER_STRINGS("most=4"), NULL);

	lanner_test_feed(test, lanner_make_open(test, "/x"));
	lanner_test_feed(test, lanner_make_open(test, "/x"));
	lanner_test_wait(test, 1000000000);
	CHECK(!lanner_test_reload(test));
	CHECK(state.opens == 2 && state.ticks == 0 && state.most == 4);
	lanner_test_end(test);
}

static void handle(const lanner_event *event, lanner_out *out)
{
	(void)event;
	(void)out;
}

#define OPENS(...) LANNER_HANDLERS({ .on = LANNER_ON(LANNER_KIND_OPEN), .run = handle, __VA_ARGS__ })

static void is_refused(const char *name, lanner_rule rule, const lanner_setting *settings, const char *why)
{
	lanner_rule rules[] = { { .id = "a/first", .handlers = OPENS(.only = NULL) }, rule, { .id = NULL } };
	lanner_pack wrong = { .name = name, .version = "1", .rules = rules, .settings = settings };
	const char *refusal = lanner_test_refusal(&wrong);

	if (!refusal || strcmp(refusal, why) != 0) {
		fprintf(stderr, "refused as: %s\n", refusal ? refusal : "not at all");
		exit(1);
	}
}

static void nonsense_is_refused(void)
{
	const lanner_rule sound = { .id = "a/b", .handlers = OPENS(.only = NULL) };

	CHECK(!lanner_test_refusal(&pack));
	is_refused("A", sound, NULL, "the pack's name A is not lower-case letters, digits and `-`");
	is_refused("a", (lanner_rule){ .id = "b", .handlers = sound.handlers }, NULL,
		   "the rule id b is not of the form group/name in lower case");
	is_refused("a", (lanner_rule){ .id = "a/first", .handlers = sound.handlers }, NULL, "the rule id a/first stands twice");
	is_refused("a", (lanner_rule){ .id = "a/b", .attack = LANNER_STRINGS("T10"), .handlers = sound.handlers }, NULL,
		   "rule a/b: T10 is not an ATT&CK technique id such as T1003.008");
	is_refused("a", (lanner_rule){ .id = "a/b" }, NULL, "rule a/b handles nothing: it has no .handlers and no .on_tick");
	is_refused("a", (lanner_rule){ .id = "a/b", .handlers = LANNER_HANDLERS({ .run = handle }) }, NULL,
		   "rule a/b: a handler does not say of which kinds it is (.on)");
	is_refused("a", (lanner_rule){ .id = "a/b", .handlers = OPENS(.only = LANNER_EQUALS(exec.image.exe, "x")) }, NULL,
		   "rule a/b: events of the kind open have no field exec.image.exe");
	is_refused("a", (lanner_rule){ .id = "a/b", .handlers = OPENS(.only = LANNER_BETWEEN(open.flags, 3, 2)) }, NULL,
		   "rule a/b: nothing is between the numbers that open.flags is tested for");
	is_refused("a", (lanner_rule){ .id = "a/b", .handlers = OPENS(.only = LANNER_WITHIN(connect.address, "10.0.0.0")) }, NULL,
		   "rule a/b: events of the kind open have no field connect.address");
	is_refused("a",
		   (lanner_rule){ .id = "a/b",
				  .handlers = LANNER_HANDLERS({ .on = LANNER_ON(LANNER_KIND_CONNECT),
								.only = LANNER_WITHIN(connect.address, "10.0.0.0"),
								.run = handle }) },
		   NULL,
		   "rule a/b: \"10.0.0.0\", which connect.address is tested for, is no network such as 10.0.0.0/8 or fd00::/8");
	is_refused("a", sound, LANNER_SETTINGS(LANNER_SETTING_NUMBER("n", "", 1, 2, 3)),
		   "the setting n does not take its own default");
	is_refused("a", sound, LANNER_SETTINGS(LANNER_SETTING_BOOL("n", "", true), LANNER_SETTING_BOOL("n", "", true)),
		   "the setting n stands twice");
}

int main(void)
{
	handlers_are_given_what_passes(true);
	handlers_are_given_what_passes(false);
	events_come_in_batches();
	time_goes_by();
	settings_are_told();
	state_is_kept();
	nonsense_is_refused();
	return 0;
}
