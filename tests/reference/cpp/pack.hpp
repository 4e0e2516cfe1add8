// The reference pack in C++. tests/reference/README.md says what it does.
#pragma once

#include <lanner/lanner.hpp>

#include "windows.hpp"

class reference final : public lanner::pack {
public:
	reference();

	std::optional<std::string> configure(const lanner::settings &settings) override;
	void save(lanner::writer &writer) const override;
	std::optional<std::string> restore(lanner::reader &reader, std::string_view version) override;

private:
	void secret_open(const lanner::open_event &event, lanner::out &out) const;
	void exec_from_tmp(const lanner::exec_event &event, lanner::out &out) const;
	void odd_port(const lanner::connect_event &event, lanner::out &out) const;
	void shell_of_server(const lanner::exec_event &event, lanner::out &out) const;
	void many_opens(const lanner::open_event &event, lanner::out &out);

	// Programs that read secrets as a matter of course.
	const lanner::set readers_ = lanner::set().equals(
		{ "sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd" });
	// By the kernel's short names.
	const lanner::set servers_ =
		lanner::set().equals({ "nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres" });
	bool private_ = false;
	std::uint64_t burst_ = 0;
	windows windows_;
};
