//! The reference pack in Rust. `tests/reference/README.md` says what it does.

mod windows;

use lanner_sdk::prelude::*;

use windows::Windows;

static SECRETS: TextSet = TextSet::new().equals(&["/etc/shadow"]).starts_with(&["/root/.ssh/"]).ends_with(&[".pem"]);
/// Programs that read secrets as a matter of course.
static READERS: TextSet =
    TextSet::new().equals(&["sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd"]);
/// By the kernel's short names.
static SERVERS: TextSet = TextSet::new().equals(&["nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres"]);

/// The pack.
#[derive(Default)]
pub struct Reference {
    private: bool,
    burst: u64,
    windows: Windows,
}

/// What messages call a process.
fn exe<'a>(process: &Process<'a>) -> Text<'a> {
    let exe = process.exe();
    if exe.is_known() { exe } else { process.comm() }
}

impl Pack for Reference {
    const INFO: PackInfo = pack_info!("reference", "The same five rules in every language");

    fn rules(r: &mut Rules<Self>) {
        r.setting("private").summary("Report odd ports at addresses that are not public too").boolean(false);
        r.setting("burst").summary("Files below /etc that a process may open within 10 s").number(1..=10_000, 20);

        r.rule("reference/secret-open")
            .summary("A process that has no business with it read a secret")
            .severity(High)
            .attack("T1552.004")
            .only(open::path().matches(&SECRETS))
            .on_open(|_, e, out| {
                let process = e.process();
                if e.is_read() && !e.failed() && !READERS.matches(process.exe().file_name()) {
                    let exe = exe(&process);
                    out.finding(format!("{exe} read {}", e.path())).fact("path", e.path()).key(exe.to_string());
                }
            });

        r.rule("reference/exec-from-tmp")
            .summary("A program was run from a folder that anybody may write to")
            .severity(Medium)
            .attack("T1059.004")
            .only(exec::image::exe().starts_with(["/tmp/", "/var/tmp/", "/dev/shm/"]))
            .on_exec(|_, e, out| {
                let image = e.image();
                out.finding(format!("{} was run from a folder that anybody may write to", image.exe()))
                    .fact("exe", image.exe())
                    .field("command_line", image.command_line());
            });

        r.rule("reference/odd-port")
            .summary("A process connected to a port that remote shells are known for")
            .severity(Medium)
            .attack("T1571")
            .only(connect::port().one_of([4444, 1337, 31337]))
            .on_connect(|pack, e, out| {
                let (Some(address), Some(port)) = (e.address(), e.port()) else { return };
                if e.is_public() || pack.private {
                    let peer = std::net::SocketAddr::new(address, port);
                    out.finding(format!("{} connects to {peer}", exe(&e.process())))
                        .fact("address", address)
                        .fact("port", port);
                }
            });

        r.rule("reference/shell-of-server")
            .summary("A server started a shell")
            .severity(High)
            .attack("T1505.003")
            .only(exec::image::exe().ends_with(["/sh", "/bash", "/dash", "/zsh"]))
            .on_exec(|_, e, out| {
                let image = e.image();
                if let Some(server) = image.ancestors().find(|ancestor| SERVERS.matches(ancestor.comm())) {
                    out.finding(format!("{} started a shell: {}", server.comm(), image.command_line()))
                        .fact("server", &server);
                }
            });

        r.rule("reference/many-opens")
            .summary("A process opened many files below /etc in a short time")
            .severity(Low)
            .attack("T1083")
            .only(open::path().starts_with(["/etc/"]))
            .on_open(|pack, e, out| {
                let process = e.process();
                if !process.is_known() {
                    return;
                }
                if let Some(count) = pack.windows.opened(process.id(), e.time(), pack.burst) {
                    out.finding(format!("{} opened {count} files below /etc within 10 s", exe(&process)))
                        .fact("count", count);
                }
            });
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        self.private = settings.boolean("private");
        self.burst = settings.number("burst").unsigned_abs();
        Ok(())
    }

    fn save(&self) -> Vec<u8> {
        self.windows.save()
    }

    fn restore(&mut self, state: &[u8], _version: &str) -> Result<(), String> {
        self.windows = Windows::restore(state).map_err(|wrong| format!("the saved state cannot be read: {wrong}"))?;
        Ok(())
    }
}

export_pack!(Reference);
