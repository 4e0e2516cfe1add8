#include <lanner/pack.hpp>

namespace lanner {

namespace {

/// The one that the C SDK's calls are for.
pack *current;
std::string sentence;

const char *say(std::optional<std::string> error)
{
	if (!error)
		return nullptr;
	sentence = std::move(*error);
	return sentence.c_str();
}

std::vector<lanner_property> raw_properties(const std::vector<std::pair<std::string, std::string>> &properties)
{
	std::vector<lanner_property> raw;

	for (const auto &[name, value] : properties)
		raw.push_back({ name.c_str(), value.c_str() });
	raw.push_back({ nullptr, nullptr });
	return raw;
}

lanner_setting raw_setting(const detail::setting &its)
{
	lanner_setting raw = {};
	static const char *const none[] = { nullptr };

	raw.name = its.name.c_str();
	raw.summary = its.summary.c_str();
	raw.type = its.type;
	raw.text = its.text.c_str();
	raw.texts = its.texts.empty() ? none : its.texts.raw();
	raw.choices = its.choices.empty() ? none : its.choices.raw();
	raw.number = its.number;
	raw.least = its.least;
	raw.most = its.most;
	raw.yes = its.yes;
	return raw;
}

lanner_rule raw_rule(detail::rule &its)
{
	lanner_rule raw = {};

	its.raw_properties = raw_properties(its.properties);
	if (its.handlers.empty() || its.handlers.back().run)
		its.handlers.push_back({});
	raw.id = its.id.c_str();
	raw.summary = its.summary.c_str();
	raw.severity = its.severity;
	raw.attack = its.attack.raw();
	raw.properties = its.raw_properties.data();
	raw.handlers = its.handlers.data();
	raw.on_tick = its.on_tick;
	raw.context = its.context;
	return raw;
}

} // namespace

pack::pack(std::string name, std::string version, std::string summary)
    : name_(std::move(name)), version_(std::move(version)), summary_(std::move(summary))
{
}

rule_builder pack::rule(std::string id)
{
	rules_.push_back(std::make_unique<detail::rule>());
	rules_.back()->id = std::move(id);
	return rule_builder(rules_.back().get());
}

setting_builder pack::setting(std::string name, std::string summary)
{
	settings_.push_back(std::make_unique<detail::setting>());
	settings_.back()->name = std::move(name);
	settings_.back()->summary = std::move(summary);
	return setting_builder(settings_.back().get());
}

const lanner_pack *pack::raw()
{
	current = this;
	raw_rules_.clear();
	raw_settings_.clear();
	for (const auto &its : rules_)
		raw_rules_.push_back(raw_rule(*its));
	raw_rules_.push_back({});
	for (const auto &its : settings_)
		raw_settings_.push_back(raw_setting(*its));
	raw_settings_.push_back({});
	raw_properties_ = raw_properties(properties_);
	raw_.name = name_.c_str();
	raw_.version = version_.c_str();
	raw_.summary = summary_.c_str();
	raw_.rules = raw_rules_.data();
	raw_.settings = raw_settings_.data();
	raw_.properties = raw_properties_.data();
	raw_.sdk = "cpp/" LANNER_SDK_VERSION;
	raw_.configure = [](const lanner_settings *raw) { return say(current->configure(settings(raw))); };
	raw_.save = [](lanner_writer *raw) {
		writer writer(raw);

		current->save(writer);
	};
	raw_.restore = [](lanner_reader *raw, lanner_text version) {
		reader reader(raw);

		return say(current->restore(reader, text(version).view()));
	};
	return &raw_;
}

} // namespace lanner
