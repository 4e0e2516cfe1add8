#include "pack.hpp"

using namespace lanner;

reference::reference() : pack("reference", "1.0.0", "The same five rules in every language")
{
	setting("private", "Report odd ports at addresses that are not public too").boolean(false);
	setting("burst", "Files below /etc that a process may open within 10 s").number(1, 10000, 20);

	rule("reference/secret-open")
		.summary("A process that has no business with it read a secret")
		.severity(severity::high)
		.attack("T1552.004")
		.only(field::open::path.equals({ "/etc/shadow" }) || field::open::path.starts_with({ "/root/.ssh/" }) ||
		      field::open::path.ends_with({ ".pem" }))
		.on([this](const open_event &event, out &out) { secret_open(event, out); });

	rule("reference/exec-from-tmp")
		.summary("A program was run from a folder that anybody may write to")
		.severity(severity::medium)
		.attack("T1059.004")
		.only(field::exec::image::exe.starts_with({ "/tmp/", "/var/tmp/", "/dev/shm/" }))
		.on([this](const exec_event &event, out &out) { exec_from_tmp(event, out); });

	rule("reference/odd-port")
		.summary("A process connected to a port that remote shells are known for")
		.severity(severity::medium)
		.attack("T1571")
		.only(field::connect::port.equals({ 4444, 1337, 31337 }))
		.on([this](const connect_event &event, out &out) { odd_port(event, out); });

	rule("reference/shell-of-server")
		.summary("A server started a shell")
		.severity(severity::high)
		.attack("T1505.003")
		.only(field::exec::image::exe.ends_with({ "/sh", "/bash", "/dash", "/zsh" }))
		.on([this](const exec_event &event, out &out) { shell_of_server(event, out); });

	rule("reference/many-opens")
		.summary("A process opened many files below /etc in a short time")
		.severity(severity::low)
		.attack("T1083")
		.only(field::open::path.starts_with({ "/etc/" }))
		.on([this](const open_event &event, out &out) { many_opens(event, out); });
}

void reference::secret_open(const open_event &event, out &out) const
{
	auto process = event.process();

	if (!event.is_read() || event.failed() || readers_.has(process.exe().file_name()))
		return;
	out.raise(process.exe_or_comm(), " read ", event.path()).fact("path", event.path()).key(process.exe_or_comm());
}

void reference::exec_from_tmp(const exec_event &event, out &out) const
{
	auto image = event.image();

	out.raise(image.exe(), " was run from a folder that anybody may write to")
		.fact("exe", image.exe())
		.text("command_line", image.command_line());
}

void reference::odd_port(const connect_event &event, out &out) const
{
	auto address = event.address();
	bool v4 = address && address->is_v4();

	if (!address || !(address->is_public() || private_))
		return;
	out.raise(event.process().exe_or_comm(), " connects to ", v4 ? "" : "[", address, v4 ? ":" : "]:", event.port())
		.fact("address", address)
		.fact("port", event.port());
}

void reference::shell_of_server(const exec_event &event, out &out) const
{
	auto image = event.image();

	for (auto ancestor : image.ancestors()) {
		if (!servers_.has(ancestor.comm()))
			continue;
		out.raise(ancestor.comm(), " started a shell: ", image.command_line()).fact("server", ancestor);
		return;
	}
}

void reference::many_opens(const open_event &event, out &out)
{
	auto process = event.process();

	if (!process)
		return;
	if (auto count = windows_.opened(process.id(), event.time(), burst_))
		out.raise(process.exe_or_comm(), " opened ", *count, " files below /etc within 10 s").fact("count", *count);
}

std::optional<std::string> reference::configure(const settings &settings)
{
	private_ = settings.boolean("private");
	burst_ = static_cast<std::uint64_t>(settings.number("burst"));
	return std::nullopt;
}

void reference::save(writer &writer) const
{
	windows_.save(writer);
}

std::optional<std::string> reference::restore(reader &reader, std::string_view)
{
	windows_.restore(reader);
	return reader.is_wrong() ? std::optional<std::string>("the saved state cannot be read") : std::nullopt;
}

LANNER_PACK(reference);
