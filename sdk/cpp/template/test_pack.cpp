// Tests of the pack: events are made up, and handled by the same code as in the pack. `make test` runs them.
#undef NDEBUG
#include <cassert>
#include <cstdio>

#include <lanner/testing.hpp>

#include "pack.hpp"

using lanner::testing::pack_test;

static void who_reads_secrets_is_found()
{
	pack_test<{{ident}}> test;
	auto cat = test.process("/usr/bin/cat").child_of(test.process("/usr/sbin/nginx"));
	auto found = test.feed(test.open("/etc/shadow").by(cat));

	assert(found.size() == 1);
	assert(found[0].rule == "{{name}}/secret-read");
	assert(found[0].message == "/usr/bin/cat read /etc/shadow");
	assert(found[0].fact("path") == "/etc/shadow");
	assert(found[0].key == "/usr/bin/cat");
}

static void nothing_else_is()
{
	pack_test<{{ident}}> test;
	auto cat = test.process("/usr/bin/cat"), sshd = test.process("/usr/sbin/sshd");

	assert(test.feed(test.open("/etc/passwd").by(cat)).empty());
	assert(test.feed(test.open("/root/.ssh/id_rsa").by(sshd)).empty());
	assert(test.feed(test.open("/etc/shadow").write().by(cat)).empty());
}

static void who_is_trusted_can_be_set()
{
	pack_test<{{ident}}> test({ { "trusted=cat" }, {}, {} });

	assert(test.feed(test.open("/etc/shadow").by(test.process("/usr/bin/cat"))).empty());
	assert(test.feed(test.open("/etc/shadow").by(test.process("/usr/sbin/sshd"))).size() == 1);
}

int main()
{
	who_reads_secrets_is_found();
	nothing_else_is();
	who_is_trusted_can_be_set();
	std::puts("all tests passed");
	return 0;
}
