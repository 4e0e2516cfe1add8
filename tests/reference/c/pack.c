// The reference pack in C. tests/reference/README.md says what it does.
#include <lanner/lanner.h>

#include "windows.h"

static struct {
	bool private;
	uint64_t burst;
	windows windows;
} state;

// Programs that read secrets as a matter of course.
static lanner_set readers = { .equals = LANNER_STRINGS("sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2",
						       "systemd", "dockerd") };
// By the kernel's short names.
static lanner_set servers = { .equals = LANNER_STRINGS("nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres") };

static void secret_open(const lanner_event *event, lanner_out *out)
{
	lanner_process process = lanner_event_process(event);
	lanner_text exe = lanner_process_exe_or_comm(process), path = lanner_open_path(event);
	lanner_finding *finding;

	if (!lanner_open_is_read(event) || lanner_event_failed(event) ||
	    lanner_set_has(&readers, lanner_file_name(lanner_process_exe(process))))
		return;
	finding = lanner_raise(out, exe, " read ", path);
	lanner_fact(finding, "path", path);
	lanner_key(finding, exe);
}

static void exec_from_tmp(const lanner_event *event, lanner_out *out)
{
	lanner_process image = lanner_exec_image(event);
	lanner_text exe = lanner_process_exe(image);
	lanner_finding *finding = lanner_raise(out, exe, " was run from a folder that anybody may write to");

	lanner_fact(finding, "exe", exe);
	lanner_fact_text(finding, "command_line", lanner_process_command_line(image));
}

static void odd_port(const lanner_event *event, lanner_out *out)
{
	lanner_address address = lanner_connect_address(event);
	lanner_u16 port = lanner_connect_port(event);
	bool v4 = lanner_address_is_v4(address);
	lanner_finding *finding;

	if (!address.known || !(lanner_address_is_public(address) || state.private))
		return;
	finding = lanner_raise(out, lanner_process_exe_or_comm(lanner_event_process(event)), " connects to ", v4 ? "" : "[", address,
			       v4 ? ":" : "]:", port);
	lanner_fact(finding, "address", address);
	lanner_fact(finding, "port", port);
}

static void shell_of_server(const lanner_event *event, lanner_out *out)
{
	lanner_process image = lanner_exec_image(event), ancestor;

	LANNER_EACH_ANCESTOR(ancestor, image) {
		lanner_text comm = lanner_process_comm(ancestor);

		if (!lanner_set_has(&servers, comm))
			continue;
		lanner_fact(lanner_raise(out, comm, " started a shell: ", lanner_process_command_line(image)), "server", ancestor);
		return;
	}
}

static void many_opens(const lanner_event *event, lanner_out *out)
{
	lanner_process process = lanner_event_process(event);
	uint64_t count;
	lanner_finding *finding;

	if (!lanner_process_is_known(process))
		return;
	count = windows_opened(&state.windows, lanner_process_id(process), lanner_event_time(event), state.burst);
	if (count == 0)
		return;
	finding = lanner_raise(out, lanner_process_exe_or_comm(process), " opened ", count, " files below /etc within 10 s");
	lanner_fact(finding, "count", count);
}

static const char *configure(const lanner_settings *settings)
{
	state.private = lanner_settings_bool(settings, "private");
	state.burst = (uint64_t)lanner_settings_number(settings, "burst");
	return NULL;
}

static void save(lanner_writer *writer)
{
	windows_save(&state.windows, writer);
}

static const char *restore(lanner_reader *reader, lanner_text version)
{
	(void)version;
	return windows_restore(&state.windows, reader) ? NULL : "the saved state cannot be read";
}

#define ON(kind, filter, handler) LANNER_HANDLERS({ .on = LANNER_ON(kind), .only = filter, .run = handler })

LANNER_PACK(
	.name = "reference",
	.version = "1.0.0",
	.summary = "The same five rules in every language",
	.rules = LANNER_RULES(
		{
			.id = "reference/secret-open",
			.summary = "A process that has no business with it read a secret",
			.severity = LANNER_HIGH,
			.attack = LANNER_STRINGS("T1552.004"),
			.handlers = ON(LANNER_KIND_OPEN,
				       LANNER_ANY(LANNER_EQUALS(open.path, "/etc/shadow"),
						  LANNER_STARTS_WITH(open.path, "/root/.ssh/"),
						  LANNER_ENDS_WITH(open.path, ".pem")),
				       secret_open),
		},
		{
			.id = "reference/exec-from-tmp",
			.summary = "A program was run from a folder that anybody may write to",
			.severity = LANNER_MEDIUM,
			.attack = LANNER_STRINGS("T1059.004"),
			.handlers = ON(LANNER_KIND_EXEC,
				       LANNER_STARTS_WITH(exec.image.exe, "/tmp/", "/var/tmp/", "/dev/shm/"),
				       exec_from_tmp),
		},
		{
			.id = "reference/odd-port",
			.summary = "A process connected to a port that remote shells are known for",
			.severity = LANNER_MEDIUM,
			.attack = LANNER_STRINGS("T1571"),
			.handlers = ON(LANNER_KIND_CONNECT, LANNER_EQUALS_NUMBER(connect.port, 4444, 1337, 31337), odd_port),
		},
		{
			.id = "reference/shell-of-server",
			.summary = "A server started a shell",
			.severity = LANNER_HIGH,
			.attack = LANNER_STRINGS("T1505.003"),
			.handlers = ON(LANNER_KIND_EXEC, LANNER_ENDS_WITH(exec.image.exe, "/sh", "/bash", "/dash", "/zsh"),
				       shell_of_server),
		},
		{
			.id = "reference/many-opens",
			.summary = "A process opened many files below /etc in a short time",
			.severity = LANNER_LOW,
			.attack = LANNER_STRINGS("T1083"),
			.handlers = ON(LANNER_KIND_OPEN, LANNER_STARTS_WITH(open.path, "/etc/"), many_opens),
		}),
	.settings = LANNER_SETTINGS(
		LANNER_SETTING_BOOL("private", "Report odd ports at addresses that are not public too", false),
		LANNER_SETTING_NUMBER("burst", "Files below /etc that a process may open within 10 s", 1, 10000, 20)),
	.state = LANNER_STATE(state),
	.configure = configure,
	.save = save,
	.restore = restore);
