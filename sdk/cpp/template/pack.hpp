// A pack of one rule: who reads secrets and has no business with them.
#pragma once

#include <lanner/lanner.hpp>

class {{ident}} final : public lanner::pack {
public:
	{{ident}}();

	// Takes the settings, before the first event.
	std::optional<std::string> configure(const lanner::settings &settings) override;

private:
	void secret_read(const lanner::open_event &event, lanner::out &out) const;

	// Programs that may read secrets, by their file names: from the setting.
	lanner::set trusted_;
};
