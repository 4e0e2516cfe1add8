//! Families of programs that several packs ask about, by their names: lists, so that each makes a set of them with what it
//! asks for beside. A name is no trust: where that matters, `programs::is_installed` is asked with such a set.

/// Shells, and the programs that are one among others.
pub const SHELLS: &[&str] =
    &["ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "ksh93", "mksh", "pwsh", "rbash", "sh", "tcsh", "zsh"];

/// What fetches files from the network, and does nothing else.
pub const FETCHERS: &[&str] = &[
    "aria2c",
    "axel",
    "curl",
    "fetch",
    "ftp",
    "lftp",
    "lwp-download",
    "ncftpget",
    "scp",
    "sftp",
    "tftp",
    "wget",
    "wget2",
];

/// What passes on between a connection and its standard input and output.
pub const RELAYS: &[&str] =
    &["cryptcat", "nc", "nc.openbsd", "nc.traditional", "ncat", "netcat", "socat", "socat1", "telnet"];

/// What installs and removes the packages of a distribution.
pub const PACKAGE_TOOLS: &[&str] =
    &["apk", "apt", "apt-get", "aptitude", "dnf", "dnf5", "dpkg", "microdnf", "pacman", "rpm", "snap", "yum", "zypper"];

/// What shows pages of the web, and mail.
pub const BROWSERS: &[&str] = &[
    "brave",
    "brave-browser",
    "chrome",
    "chromium",
    "chromium-browser",
    "epiphany",
    "falkon",
    "firefox",
    "firefox-bin",
    "firefox-esr",
    "librewolf",
    "microsoft-edge",
    "msedge",
    "opera",
    "thunderbird",
    "thunderbird-bin",
    "vivaldi",
    "vivaldi-bin",
];

/// Servers of the network that have no reason to start programs of their own accord, without the versions in their names.
pub const SERVERS: &[&str] = &[
    "apache",
    "caddy",
    "exim",
    "httpd",
    "lighttpd",
    "mariadbd",
    "memcached",
    "mysqld",
    "named",
    "nginx",
    "php-cgi",
    "php-fpm",
    "postgres",
    "proftpd",
    "redis-server",
    "squid",
    "uwsgi",
    "valkey-server",
    "vsftpd",
];
