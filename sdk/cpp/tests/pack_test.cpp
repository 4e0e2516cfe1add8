// Packs in C++: what their handlers are given, what they raise, what they are told and keep; and that fields have the numbers of the C SDK.
#include <array>
#include <string>

#include <lanner/testing.hpp>

extern "C" {
#include "../../c/src/condition.h"
#include "../../c/testing/names.h"
}

#include "../../c/tests/check.h"

using namespace lanner;
using testing::pack_test;

namespace {

class tested final : public pack {
public:
	std::uint64_t opens = 0, ticks = 0;
	std::int64_t most = 0;
	bool loud = false;
	std::string mode;
	std::vector<std::string> trusted;
	networks own{ "10.0.0.0/8", "::1/128" };
	set secrets = set().equals({ "/etc/shadow" }).starts_with({ "/root/" }).file_names({ "id_rsa" });

	tested() : pack("tested", "1.2.3", "Tests")
	{
		rule("tested/secret")
			.severity(severity::high)
			.attack("T1003.008")
			.property("owner", "nobody")
			.only(field::open::path.in(secrets))
			.on([this](const open_event &e, out &out) { on_secret(e, out); });
		rule("tested/any")
			.on_any({ kind::open, kind::rename },
				[this](const event &e, out &out) {
					opens++;
					if (auto rename = e.as<rename_event>())
						out.raise(rename->old_path(), " -> ", rename->new_path());
				})
			.on_tick([this](std::uint64_t now, out &out) {
				if (++ticks == 2)
					out.raise("two ticks").fact("now", now);
			});
		rule("tested/connect")
			.severity(severity::low)
			.only(!field::connect::address.in(own) && field::connect::port.equals({ 4444, 1337 }))
			.on([](const connect_event &e, out &out) {
				out.raise("to ", e.address(), " ", e.port()).fact("peer", e.address());
				out.raise("again");
			})
			.unfiltered()
			.only(field::connect::port.between(1, 22) || field::connect::address.equals({ "192.0.2.9" }))
			.on([](const connect_event &e, out &out) { out.raise("low ", e.port()); });
		setting("most", "At the most").number(1, 100, 20);
		setting("loud", "Whether it is critical").boolean(false);
		setting("mode", "How").one_of({ "fast", "slow" }, "fast");
		setting("trusted", "Who may").texts({ "sshd", "login" });
	}

	std::optional<std::string> configure(const settings &s) override
	{
		most = s.number("most");
		loud = s.boolean("loud");
		mode = s.text("mode");
		trusted = s.texts("trusted");
		return most == 13 ? std::optional<std::string>("13 brings bad luck") : std::nullopt;
	}

	void save(writer &w) const override { w.map(2).key("opens").value(opens).key("names").value(trusted); }

	std::optional<std::string> restore(reader &r, std::string_view version) override
	{
		CHECK(version == "1.2.3");
		for (auto keys = r.map(); keys.next();) {
			if (r.string() == "opens")
				r.value(opens);
			else
				r.skip();
		}
		return std::nullopt;
	}

private:
	void on_secret(const open_event &e, out &out)
	{
		auto by = e.process();
		auto finding = out.raise(by.exe_or_comm(), " read ", e.path());

		finding.fact("path", e.path()).fact("pid", by.pid()).fact("result", e.result()).fact("inode", e.inode());
		finding.fact("created", e.created()).fact("process", by).fact("ratio", 0.5).fact("word", "x");
		finding.text("line", "$ ", by.command_line()).list("several", std::array<text, 2>{ e.path(), "y\n" });
		finding.key(e.path(), ":", by.uid()).because_of(7).because_of(7);
		if (loud)
			finding.severity(severity::critical);
		finding.about(by.parent());
	}
};

void handlers_are_given_what_passes(bool told)
{
	pack_test<tested> test;
	auto nginx = test.process("/usr/sbin/nginx");
	auto cat = test.process("/usr/bin/cat").child_of(nginx).user(33, "www-data").args({ "cat", "/etc/shadow\n" });

	if (!told)
		test.leave_filtering();
	auto found = test.feed(test.open("/etc/shadow").by(cat));
	CHECK(found.size() == 1 && found[0].rule == "tested/secret" && found[0].severity == severity::high);
	CHECK(found[0].message == "/usr/bin/cat read /etc/shadow" && found[0].key == "/etc/shadow:33");
	CHECK((found[0].events == std::vector<std::uint64_t>{ 1, 7 }) && found[0].process == nginx.image());
	CHECK(found[0].fact("path") == "/etc/shadow" && found[0].facts[0].type == "path");
	CHECK(found[0].fact("result") == "0" && !found[0].fact("inode") && found[0].fact("created") == "false");
	CHECK(found[0].fact("ratio") == "0.500" && found[0].fact("word") == "x" && found[0].fact("line") == "$ cat /etc/shadow\\n");
	CHECK(found[0].fact("several") == "[/etc/shadow, y\\n]");
	CHECK(test.feed(test.open("/home/ada/id_rsa").by(cat)).size() == 1);

	CHECK(test.feed(test.open("/etc/passwd")).empty());
	found = test.feed(test.rename("/a", "/b\x1b"));
	CHECK(found.size() == 1 && found[0].message == "/a -> /b\\x1b" && found[0].severity == severity::medium);
	CHECK(test.its().opens == 4);
	CHECK(test.feed(test.unlink("/root/x")).empty());

	for (const char *peer : { "10.1.2.3:4444", "192.0.2.1:80", "[::1]:1337" })
		CHECK(test.feed(test.connect(peer)).empty());
	CHECK(test.feed(test.connect("192.0.2.1:4444").without(field::connect::port)).empty());
	found = test.feed(test.connect("[2001:db8::1]:1337"));
	CHECK(found.size() == 2 && found[0].message == "to 2001:db8::1 1337" && found[1].message == "again");
	CHECK(found[0].fact("peer") == "2001:db8::1");
	CHECK(test.feed(test.connect("10.0.0.1:22"))[0].message == "low 22");
	CHECK(test.feed(test.connect("192.0.2.9:99"))[0].message == "low 99");
}

void time_settings_and_state()
{
	{
		pack_test<tested> test({ { "loud=true", "most=3", "mode=slow", "trusted=a,b,c" }, { "tested/any" }, {} });

		CHECK(test.its().most == 3 && test.its().loud && test.its().mode == "slow" && test.its().trusted.size() == 3);
		CHECK(test.feed(test.open("/root/x"))[0].severity == severity::critical);
		test.wait(5000000000);
		CHECK(test.its().opens == 0 && test.its().ticks == 0);
	}
	pack_test<tested> test;

	CHECK(test.its().most == 20 && test.its().mode == "fast");
	CHECK(test.wait(1500000000).empty());
	CHECK(test.wait(500000000)[0].fact("now") == "1700000002000000000");
	test.feed({ test.open("/x"), test.open("/x") });
	CHECK(!test.reload());
	CHECK(test.its().opens == 2 && test.its().ticks == 0);
	// What was prepared before is prepared again.
	CHECK(test.feed(test.open("/root/x")).size() == 1);
	CHECK(test.restore("x", "1.2.3") && test.restore("\xa1\x65opens\x20", "1.2.3"));
}

struct wrong : pack {
	wrong() : pack("wrong", "1", "")
	{
		rule("a/b").only(field::exec::image::exe.equals({ "x" })).on([](const open_event &, out &) {});
	}
};

struct empty : pack {
	empty() : pack("empty", "1", "") { rule("a/b"); }
};

/// The first, the last and some in between: all others are counted through.
void fields_have_their_numbers()
{
	const any_field fields[] = { field::event::seq, field::process::environment, field::parent::id, field::container::image,
				     field::exec::path, field::exec::image::exe, field::fork::child::id, field::open::path,
				     field::signal::target::comm, field::connect::port, field::container_stop::cgroup_id };

	for (any_field it : fields) {
		const lanner_owner *owner = lanner_owner_of_field(static_cast<unsigned>(it.number));
		std::string name = lanner_field_names[owner->record][it.number - owner->first].name, full = it.name;

		CHECK(full.size() > name.size() && full.substr(full.size() - name.size() - 1) == "." + name);
		if (owner->of == LANNER_OF_PAYLOAD)
			CHECK(full == lanner_records[owner->record].name + ("." + name));
	}
}

void texts_and_values()
{
	text unknown, path = "/usr/bin/cat";

	CHECK(path == "/usr/bin/cat" && path.file_name() == "cat" && path.directory() == std::string("/usr/bin"));
	CHECK(path.is_under("/usr") && path.starts_with("/usr") && path.ends_with("cat") && path.contains("bin"));
	CHECK(path.is_one_of("a", "/usr/bin/cat") && !path.is_one_of("a", "b"));
	CHECK(!unknown.is_known() && unknown != "" && !unknown.starts_with("") && unknown.shown() == "?" && unknown.empty());
	CHECK(text("a\"\n").quoted() == "\"a\\\"\\n\"" && text("\xff").lossy() == "\xef\xbf\xbd");
	CHECK(address::parse("::ffff:8.8.8.8")->str() == "8.8.8.8" && address::parse("1.1.1.1")->is_public() && !address::parse("x"));
	CHECK(print("a", 1, -2, true, std::optional<int>(), text("\n"), std::string("s"), std::string_view("vw", 1)) == "a1-2true?\\nsv");
}

} // namespace

int main()
{
	handlers_are_given_what_passes(true);
	handlers_are_given_what_passes(false);
	time_settings_and_state();
	CHECK(testing::refusal<wrong>() == "rule a/b: events of the kind open have no field exec.image.exe");
	CHECK(testing::refusal<empty>() == "rule a/b handles nothing: it has no .handlers and no .on_tick");
	CHECK(!testing::refusal<tested>());
	fields_have_their_numbers();
	texts_and_values();
	return 0;
}
