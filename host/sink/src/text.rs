//! Findings for people: one aligned line a finding, details below.

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use lanner_abi::{RecordRef, Text, field};
use lanner_enrich::Process;
use lanner_finding::object::arguments;
use lanner_finding::{Detail, Finding, Severity, time};

use super::lines::Format;

/// Where the details begin: below the severity.
const INDENT: &str = "              ";
/// Width of the longest severity's name.
const SEVERITY_WIDTH: usize = 8;
/// Width for rule ids; longer ones push the message to the right.
const RULE_WIDTH: usize = 34;
/// Characters of a command line that are shown.
const COMMAND_WIDTH: usize = 160;
/// Characters of a container's id that are shown, as runtimes' tools show it.
const CONTAINER_ID: usize = 12;
/// Ancestors that are shown.
const LINEAGE: usize = 12;

/// Findings for people.
pub struct Plain {
    colour: bool,
    zone: TimeZone,
}

impl Plain {
    /// With colours, or without.
    pub fn new(colour: bool) -> Self {
        Self { colour, zone: TimeZone::system() }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn line(&self, out: &mut Vec<u8>, name: &str, text: &str) {
        let name = self.paint(Style::new().dimmed(), &format!("{name:<SEVERITY_WIDTH$}"));
        out.extend_from_slice(format!("{INDENT}{name}  {text}\n").as_bytes());
    }
}

impl Format for Plain {
    fn append(&self, finding: &Finding, out: &mut Vec<u8>) {
        let rule = finding.rule();
        let time = time::of_day(finding.time_ns, &self.zone);
        let severity = format!("{:<SEVERITY_WIDTH$}", finding.severity.name().to_uppercase());
        let severity = self.paint(style(finding.severity), &severity);
        let id = format!("{:<RULE_WIDTH$}", rule.id);
        let id = self.paint(Style::new().bold(), &id);
        let mark = if finding.is_self_test() { "[self-test] " } else { "" };
        let message = Text::from(finding.message.as_str());
        out.extend_from_slice(format!("{time}  {severity}  {id}  {mark}{message}\n").as_bytes());
        if let Some(process) = &finding.process {
            let what = format!("{} (pid {})  {}", command(process), process.pid(), user(process));
            self.line(out, "process", &what);
            let line: Vec<String> = process.line().take(LINEAGE).map(|p| Text::new(p.name()).to_string()).collect();
            let cut = if process.line().nth(LINEAGE).is_some() { "… → " } else { "" };
            if let Some(container) = &process.container {
                self.line(out, "container", &self::container(container.get()));
            }
            self.line(out, "lineage", &format!("{cut}{}", line.into_iter().rev().collect::<Vec<_>>().join(" → ")));
        }
        for (name, value) in &finding.fields {
            self.line(out, &Text::from(name.as_str()).to_string(), &detail(value));
        }
        if !rule.attack.is_empty() {
            self.line(out, "attack", &rule.attack.join(" "));
        }
    }
}

fn style(severity: Severity) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match severity {
        Severity::Info => Style::new().dimmed(),
        Severity::Low => colour(AnsiColor::Cyan),
        Severity::Medium => colour(AnsiColor::Yellow),
        Severity::High => colour(AnsiColor::Red).bold(),
        Severity::Critical => colour(AnsiColor::Magenta).bold(),
    }
}

/// The executable and its arguments. The executable stands in full, as `argv[0]` says what the caller likes.
fn command(process: &Process) -> String {
    let exe = process.exe();
    let name = if exe.is_empty() { process.name() } else { exe };
    let mut line = Text::new(name).to_string();
    for argument in arguments(process.argv()).skip(1) {
        line.push(' ');
        line.push_str(&Text::new(argument).to_string());
    }
    if line.chars().count() > COMMAND_WIDTH {
        line = line.chars().take(COMMAND_WIDTH).chain(['…']).collect();
    }
    line
}

/// What a container is called, and what it runs; where a runtime has not told yet, its id.
fn container(container: RecordRef<'_>) -> String {
    let text = |field| container.bytes(field).filter(|text| !text.is_empty()).map(|text| Text::new(text).to_string());
    let id = text(field::container::ID).unwrap_or_default();
    let short: String = id.chars().take(CONTAINER_ID).collect();
    let mut line = match text(field::container::NAME) {
        Some(name) => format!("{name} ({short})"),
        None => short,
    };
    if let Some(image) = text(field::container::IMAGE) {
        line.push_str(&format!("  image {image}"));
    }
    if let (Some(namespace), Some(pod)) = (text(field::container::NAMESPACE), text(field::container::POD)) {
        line.push_str(&format!("  pod {namespace}/{pod}"));
    }
    line
}

fn user(process: &Process) -> String {
    let mut text = match process.user() {
        Some(name) => format!("user {} (uid {})", Text::new(name), process.uid()),
        None => format!("uid {}", process.uid()),
    };
    if process.euid() != process.uid() {
        text.push_str(&format!(", acting as uid {}", process.euid()));
    }
    text
}

/// A fact in one line.
fn detail(detail: &Detail) -> String {
    match detail {
        Detail::Text(text) => Text::from(text.as_str()).to_string(),
        Detail::Number(number) => number.to_string(),
        Detail::Float(number) => number.to_string(),
        Detail::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Detail::Path(path) => Text::new(path).to_string(),
        Detail::Address(address) => address.to_string(),
        Detail::Process(process) => format!("{} (pid {})", Text::new(process.name()), process.pid()),
        Detail::ForgottenProcess(image) => format!("an image that is not remembered ({image:016x})"),
        Detail::List(details) => details.iter().map(self::detail).collect::<Vec<_>>().join(", "),
    }
}
