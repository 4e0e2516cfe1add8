//! What came of tests, in the forms that people and programs read.

use anstyle::{AnsiColor, Style};
use serde_json::{Value as Json, json};

use super::{Coverage, Difference, Expected, Found, Outcome, Ran, Suite, Test};
use crate::{log_line, printable};

/// Log lines of a pack that are shown of a test that failed.
const LOG_LINES: usize = 20;

/// What came of all tests.
#[derive(Debug)]
pub struct Report<'a> {
    /// Each test, in its suite, and what came of it.
    pub tests: Vec<(&'a Suite, &'a Test, Ran)>,
    /// Tests that were left out, as they were not asked for.
    pub left_out: usize,
    /// Which rules were tested.
    pub coverage: Coverage,
}

impl Report<'_> {
    /// How many failed.
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|(.., ran)| !ran.outcome.is_passed()).count()
    }

    /// The last lines, for people.
    pub fn summary(&self, colour: bool) -> String {
        let mut lines = Vec::new();
        let width = self.coverage.0.iter().map(|of| of.rule.len()).max().unwrap_or(0);
        for of in &self.coverage.0 {
            let said = match (of.hit_by.is_empty(), of.silent_in.is_empty()) {
                (true, _) => paint(colour, AnsiColor::Yellow, "never hit"),
                (false, true) => paint(colour, AnsiColor::Yellow, "never silent"),
                (false, false) => format!("hit by {}, silent in {}", of.hit_by.len(), of.silent_in.len()),
            };
            lines.push(format!("  {:<width$}  {said}", of.rule));
        }
        if !lines.is_empty() {
            lines.insert(0, format!("rule coverage: {:.0} %", self.coverage.percent()));
            lines.insert(0, String::new());
        }
        let (failed, all) = (self.failed(), self.tests.len());
        let left_out = if self.left_out == 0 { String::new() } else { format!(", {} left out", self.left_out) };
        lines.push(String::new());
        lines.push(match failed {
            0 => format!("{} passed{left_out}", paint(colour, AnsiColor::Green, &all.to_string())),
            _ => format!(
                "{} passed, {}{left_out}",
                all - failed,
                paint(colour, AnsiColor::Red, &format!("{failed} failed"))
            ),
        });
        lines.join("\n")
    }

    /// One JSON object a line: each test, each rule, and the sum.
    pub fn json(&self) -> String {
        let mut lines: Vec<String> =
            self.tests.iter().map(|(suite, test, ran)| as_json(suite, test, ran).to_string()).collect();
        lines.extend(self.coverage.0.iter().map(|of| {
            json!({"type": "rule", "rule": of.rule, "hit_by": of.hit_by, "silent_in": of.silent_in}).to_string()
        }));
        let (failed, all) = (self.failed(), self.tests.len());
        let sum = json!({"type": "summary", "passed": all - failed, "failed": failed, "left_out": self.left_out,
            "coverage_percent": self.coverage.percent()});
        lines.push(sum.to_string());
        lines.join("\n")
    }
}

fn as_json(suite: &Suite, test: &Test, ran: &Ran) -> Json {
    let (outcome, problems) = match &ran.outcome {
        Outcome::Passed => ("passed", Vec::new()),
        Outcome::Failed => ("failed", differences(test, ran).into_iter().map(|(_, line)| line).collect()),
        Outcome::Broken(troubles) => ("broken", troubles.clone()),
    };
    json!({
        "type": "test",
        "file": suite.document.path,
        "line": test.at.line,
        "name": test.name,
        "outcome": outcome,
        "problems": problems,
        "found": ran.found.iter().map(|found| found.0.clone()).collect::<Vec<_>>(),
        "events": ran.events,
        "log": ran.log.iter().map(log_line).collect::<Vec<_>>(),
        "ms": ran.took.as_secs_f64() * 1e3,
    })
}

/// A test in one line, and where it failed why.
pub fn lines(suite: &Suite, test: &Test, ran: &Ran, colour: bool) -> String {
    let at = format!("{}:{}", suite.document.path.display(), test.at.line);
    let name = printable(&test.name);
    if ran.outcome.is_passed() {
        return format!("{}  {name}", paint(colour, AnsiColor::Green, "ok  "));
    }
    let mut lines = vec![format!("{}  {name}  ({at})", paint(colour, AnsiColor::Red, "FAIL"))];
    match &ran.outcome {
        Outcome::Broken(troubles) => {
            let troubles = troubles.iter().flat_map(|trouble| trouble.lines());
            lines.extend(troubles.map(|line| format!("      {line}")));
        }
        _ => lines.extend(differences(test, ran).into_iter().map(|(sign, line)| {
            let colours = match sign {
                '-' => Some(AnsiColor::Red),
                '+' => Some(AnsiColor::Green),
                _ => None,
            };
            let line = format!("      {sign} {line}");
            colours.map_or(line.clone(), |of| paint(colour, of, &line))
        })),
    }
    let more = ran.log.len().saturating_sub(LOG_LINES);
    lines.extend(ran.log.iter().take(LOG_LINES).map(|line| format!("      {}", log_line(line))));
    if more > 0 {
        lines.push(format!("      and {more} more lines of its log"));
    }
    lines.join("\n")
}

/// What was expected (`-`) and what was found (`+`), in order, each in a line.
fn differences(test: &Test, ran: &Ran) -> Vec<(char, String)> {
    let mut lines = Vec::new();
    let wanted = |place: usize| test.expected.as_ref().and_then(|expected| expected.get(place)).map(Expected::shown);
    let found = |place: usize| ran.found.get(place).map(shown).unwrap_or_default();
    for difference in &ran.differences {
        match difference {
            Difference::Same(_, place) => lines.push((' ', found(*place))),
            Difference::Missing(place) => lines.push(('-', wanted(*place).unwrap_or_default())),
            Difference::Unexpected(place) => {
                lines.push(('+', found(*place)));
            }
            Difference::Other(_, place, parts) => {
                lines.push(('~', found(*place)));
                for (part, wanted, found) in parts {
                    lines.push(('-', format!("    {part}: {wanted}")));
                    lines.push(('+', format!("    {part}: {found}")));
                }
            }
        }
    }
    if test.expected.is_none() {
        let what = "the test does not say what is expected: `expect: []` for nothing; --update writes what was found";
        lines.insert(0, (' ', what.to_owned()));
    }
    if ran.found.is_empty() {
        lines.push((' ', "(nothing was found)".to_owned()));
    } else if test.expected.as_ref().is_some_and(Vec::is_empty) {
        lines.insert(0, (' ', "(nothing was expected)".to_owned()));
    }
    lines
}

/// A finding in a few words.
fn shown(found: &Found) -> String {
    format!("{}  {}  {:?}", found.rule(), found.severity(), found.message())
}

fn paint(colour: bool, of: AnsiColor, text: &str) -> String {
    let style = Style::new().fg_color(Some(of.into()));
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// In the form that JUnit gave its name to, as build servers read it: a suite for each file.
pub fn junit(report: &Report<'_>) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let seconds = |ran: &Ran| ran.took.as_secs_f64();
    let all: f64 = report.tests.iter().map(|(.., ran)| seconds(ran)).sum();
    xml.push_str(&format!(
        "<testsuites name=\"lanner rule test\" tests=\"{}\" failures=\"{}\" time=\"{all:.3}\">\n",
        report.tests.len(),
        report.failed()
    ));
    for tests in report.tests.chunk_by(|(a, ..), (b, ..)| a.document.path == b.document.path) {
        let file = escape(&tests[0].0.document.path.display().to_string());
        let failed = tests.iter().filter(|(.., ran)| ran.outcome == Outcome::Failed).count();
        let broken = tests.iter().filter(|(.., ran)| matches!(ran.outcome, Outcome::Broken(_))).count();
        xml.push_str(&format!(
            "  <testsuite name=\"{file}\" file=\"{file}\" tests=\"{}\" failures=\"{failed}\" errors=\"{broken}\" skipped=\"0\">\n",
            tests.len()
        ));
        for (_, test, ran) in tests {
            let name = escape(&test.name);
            let head = format!(
                "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{}\" time=\"{:.3}\"",
                test.at.line,
                seconds(ran)
            );
            let (element, what) = match &ran.outcome {
                Outcome::Passed => {
                    xml.push_str(&format!("{head}/>\n"));
                    continue;
                }
                Outcome::Failed => {
                    let lines = differences(test, ran).into_iter().map(|(sign, line)| format!("{sign} {line}"));
                    ("failure", lines.collect::<Vec<_>>().join("\n"))
                }
                Outcome::Broken(troubles) => ("error", troubles.join("\n")),
            };
            let first = escape(what.lines().find(|line| !line.starts_with("  ")).unwrap_or_default());
            let what = escape(&what);
            xml.push_str(&format!(
                "{head}>\n      <{element} message=\"{first}\">{what}</{element}>\n    </testcase>\n"
            ));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// As XML 1.0 has texts: what it cannot have becomes U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push('\t'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_cannot_have_is_replaced() {
        assert_eq!(escape("a<b>&\"\u{1b}[31m\n"), "a&lt;b&gt;&amp;&quot;\u{fffd}[31m&#10;");
    }
}
