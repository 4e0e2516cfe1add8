// Tests of the pack: events are made up, and handled by the same code as in the pack. `make test` runs them.
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <lanner/testing.h>

static void who_reads_secrets_is_found(void)
{
	lanner_test *test = lanner_test_new(&lanner_the_pack);
	lanner_made_process *nginx = lanner_make_process(test, "/usr/sbin/nginx");
	lanner_made_process *cat = lanner_made_child_of(lanner_make_process(test, "/usr/bin/cat"), nginx);
	const lanner_found *found = lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/etc/shadow"), cat));

	assert(found && lanner_test_count(test) == 1);
	assert(strcmp(found->rule, "{{name}}/secret-read") == 0);
	assert(strcmp(found->message, "/usr/bin/cat read /etc/shadow") == 0);
	assert(strcmp(lanner_found_fact_of(found, "path"), "/etc/shadow") == 0);
	assert(strcmp(found->key, "/usr/bin/cat") == 0);
	lanner_test_end(test);
}

static void nothing_else_is(void)
{
	lanner_test *test = lanner_test_new(&lanner_the_pack);
	lanner_made_process *cat = lanner_make_process(test, "/usr/bin/cat");
	lanner_made_process *sshd = lanner_make_process(test, "/usr/sbin/sshd");

	assert(!lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/etc/passwd"), cat)));
	assert(!lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/root/.ssh/id_rsa"), sshd)));
	assert(!lanner_test_feed(test, lanner_made_by(lanner_made_write(lanner_make_open(test, "/etc/shadow")), cat)));
	lanner_test_end(test);
}

static void who_is_trusted_can_be_set(void)
{
	lanner_test *test = lanner_test_new_with(&lanner_the_pack, LANNER_STRINGS("trusted=cat"), NULL);
	lanner_made_process *cat = lanner_make_process(test, "/usr/bin/cat");
	lanner_made_process *sshd = lanner_make_process(test, "/usr/sbin/sshd");

	assert(!lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/etc/shadow"), cat)));
	assert(lanner_test_feed(test, lanner_made_by(lanner_make_open(test, "/etc/shadow"), sshd)));
	lanner_test_end(test);
}

int main(void)
{
	who_reads_secrets_is_found();
	nothing_else_is();
	who_is_trusted_can_be_set();
	puts("all tests passed");
	return 0;
}
