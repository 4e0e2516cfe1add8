#include "pack.hpp"

using namespace lanner;

{{ident}}::{{ident}}() : pack("{{name}}", "0.1.0", "Who reads secrets and has no business with them")
{
	setting("trusted", "Programs that may read secrets, by their file names")
		.texts({ "sshd", "passwd", "login", "su", "sudo", "unix_chkpwd", "systemd" });

	rule("{{name}}/secret-read")
		.summary("A process that has no business with it read the password hashes or the keys of root")
		.severity(severity::high)
		.attack("T1003.008")
		// What does not pass never reaches the pack.
		.only(field::open::path.equals({ "/etc/shadow", "/etc/gshadow" }) || field::open::path.starts_with({ "/root/.ssh/" }))
		.on([this](const open_event &event, out &out) { secret_read(event, out); });
}

std::optional<std::string> {{ident}}::configure(const settings &settings)
{
	for (const std::string &name : settings.texts("trusted"))
		trusted_.add(LANNER_FILE_NAME, name);
	return std::nullopt;
}

void {{ident}}::secret_read(const open_event &event, out &out) const
{
	auto process = event.process();

	if (!event.is_read() || trusted_.has(process.exe()))
		return;
	// Texts of the kernel are made safe to print: nobody can act on a terminal by the name of a file. A fact is kept as what it is, here a
	// path, so that findings can be searched by it; those with the same key are about the same thing.
	out.raise(process.exe_or_comm(), " read ", event.path()).fact("path", event.path()).key(process.exe_or_comm());
}

LANNER_PACK({{ident}});
