// A pack of one rule: who reads secrets and has no business with them.
#include <lanner/lanner.h>

// Programs that may, by their file names: from the setting.
static lanner_set trusted;

// Is given the opens that pass the filter below. It stays small: the host has compared the path already.
static void secret_read(const lanner_event *event, lanner_out *out)
{
	lanner_process process = lanner_event_process(event);
	lanner_text exe = lanner_process_exe_or_comm(process);
	lanner_text path = lanner_open_path(event);
	lanner_finding *finding;

	if (!lanner_open_is_read(event) || lanner_set_has(&trusted, lanner_process_exe(process)))
		return;
	// Texts of the kernel are made safe to print: nobody can act on a terminal by the name of a file.
	finding = lanner_raise(out, exe, " read ", path);
	// A fact is kept as what it is, here a path, so that findings can be searched by it.
	lanner_fact(finding, "path", path);
	// Findings with the same key are about the same thing, and may be shown as one.
	lanner_key(finding, exe);
}

// Takes the settings, before the first event.
static const char *configure(const lanner_settings *settings)
{
	lanner_texts names = lanner_settings_texts(settings, "trusted");

	for (size_t at = 0; at < names.count; at++)
		lanner_set_add(&trusted, LANNER_FILE_NAME, names.at[at]);
	return NULL;
}

LANNER_PACK(
	.name = "{{name}}",
	.version = "0.1.0",
	.summary = "Who reads secrets and has no business with them",
	.rules = LANNER_RULES({
		.id = "{{name}}/secret-read",
		.summary = "A process that has no business with it read the password hashes or the keys of root",
		.severity = LANNER_HIGH,
		.attack = LANNER_STRINGS("T1003.008"),
		.handlers = LANNER_HANDLERS({
			.on = LANNER_ON(LANNER_KIND_OPEN),
			.only = LANNER_ANY(LANNER_EQUALS(open.path, "/etc/shadow", "/etc/gshadow"),
					   LANNER_STARTS_WITH(open.path, "/root/.ssh/")),
			.run = secret_read,
		}),
	}),
	.settings = LANNER_SETTINGS(
		LANNER_SETTING_TEXTS("trusted", "Programs that may read secrets, by their file names", "sshd", "passwd", "login", "su",
				     "sudo", "unix_chkpwd", "systemd")),
	.configure = configure);
