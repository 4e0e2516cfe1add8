//! What stands in files of Sigma's rules.

use std::path::PathBuf;

use crate::rule::Refused;
use lanner_document::{Document, Key, Node, Place, Problem, Value, Wrong, nearest};

/// Something in a file.
#[derive(Clone, Debug)]
pub enum Item {
    /// A rule.
    Rule(Box<Rule>),
    /// A correlation of rules.
    Correlation(Box<Correlation>),
    /// Something else: its title, and why it is not taken.
    Other(Box<Head>, Refused),
}

/// What rules and correlations say of themselves.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// In which file.
    pub path: PathBuf,
    /// Where.
    pub at: Place,
    /// Its title.
    pub title: String,
    /// By which correlations may name it.
    pub name: Option<String>,
    /// The same: a uuid.
    pub id: Option<String>,
    /// How tried it is.
    pub status: Option<String>,
    /// How bad a finding is.
    pub level: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Under which licence.
    pub license: Option<String>,
    /// What it finds.
    pub description: Option<String>,
    /// Where that is from.
    pub references: Vec<String>,
    /// Techniques and more.
    pub tags: Vec<String>,
    /// What else it may find.
    pub falsepositives: Vec<String>,
    /// When it was written and changed.
    pub date: Option<String>,
    /// Likewise.
    pub modified: Option<String>,
    /// What there is to say of keys that say nothing here.
    pub notes: Vec<String>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it says of itself.
    pub head: Head,
    /// Which events it is about.
    pub logsource: Logsource,
    /// Searches, by name.
    pub searches: Vec<(Key, Node)>,
    /// Conditions: one of them has to hold.
    pub conditions: Vec<(Place, String)>,
    /// Fields to be shown.
    pub fields: Vec<String>,
}

/// Which events a rule is about.
#[derive(Clone, Debug, Default)]
pub struct Logsource {
    /// Where it stands.
    pub at: Place,
    /// What happened.
    pub category: Option<String>,
    /// On what.
    pub product: Option<String>,
    /// By whom it is written down.
    pub service: Option<String>,
    /// How that is to be set up.
    pub definition: Option<String>,
}

/// A correlation of rules.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// What it says of itself.
    pub head: Head,
    /// Which.
    pub kind: (Place, String),
    /// Names or ids of rules.
    pub rules: Vec<(Place, String)>,
    /// Fields that tell groups apart.
    pub group_by: Vec<String>,
    /// Within which time.
    pub timespan: (Place, String),
    /// How many: operators and numbers.
    pub condition: Vec<(Key, i128)>,
    /// Whose values are counted.
    pub field: Option<String>,
    /// By name what the field is called in each rule.
    pub aliases: Vec<(String, Vec<(String, String)>)>,
    /// Whether its rules find something by themselves as well.
    pub generate: bool,
}

const KEYS: [&str; 24] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "references",
    "author",
    "date",
    "modified",
    "tags",
    "scope",
    "logsource",
    "detection",
    "fields",
    "falsepositives",
    "level",
    "correlation",
    "generate",
    "simulation",
    "regression_tests_path",
    "filter",
];
const LOGSOURCE: [&str; 4] = ["category", "product", "service", "definition"];
const CORRELATION: [&str; 7] = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];

/// Whether a document is one of Sigma's.
#[must_use]
pub fn is_sigma(root: &Node) -> bool {
    ["detection", "correlation", "filter"].iter().any(|key| root.get(key).is_some())
        && (root.get("title").is_some() || root.get("logsource").is_some())
        || root.get("action").is_some() && root.get("title").is_some()
}

/// Reads a document.
#[must_use]
pub fn read(document: &Document) -> Item {
    let wrong = |problem: Problem| problem.in_file(&document.path);
    let mut head = Head { path: document.path.clone(), at: document.root.at, ..Head::default() };
    head.title = document.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if let Err(problem) = head.read(&document.root) {
        return Item::Other(Box::new(head), wrong(problem).into());
    }
    let root = &document.root;
    let more = match (root.get("filter"), root.get("action")) {
        (_, Some(action)) => Some(action.problem(
            "parts that several documents share (`action`) belong to old versions of Sigma; write each rule as a whole",
        )),
        (Some(filter), _) => Some(filter.problem(
            "filters of rules that stand elsewhere are not known here; put it into the rule's condition, or except it (`exceptions`)",
        )),
        _ => None,
    };
    if let Some(more) = more {
        return Item::Other(Box::new(head), Refused { why: wrong(more), is_wrong: false });
    }
    let item = match root.get("correlation") {
        Some(of) => correlation_of(head.clone(), of, root).map(|of| Item::Correlation(Box::new(of))),
        None => rule(head.clone(), root).map(|rule| Item::Rule(Box::new(rule))),
    };
    item.unwrap_or_else(|problem| Item::Other(Box::new(head), wrong(problem).into()))
}

/// Anything that is written as one word or number.
fn scalar(node: &Node, name: &str) -> Result<String, Problem> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Bool(yes) => Ok(yes.to_string()),
        _ => Err(node.unexpected(name, "a text")),
    }
}

fn optional(root: &Node, name: &str) -> Result<Option<String>, Problem> {
    match root.get(name) {
        None | Some(Node { value: Value::Null, .. }) => Ok(None),
        Some(node) => scalar(node, name).map(Some),
    }
}

/// Several, or one by itself.
fn several(node: Option<&Node>, name: &str) -> Result<Vec<(Place, String)>, Problem> {
    match node {
        None | Some(Node { value: Value::Null, .. }) => Ok(Vec::new()),
        Some(Node { value: Value::List(items, _), .. }) => {
            items.iter().map(|item| Ok((item.at, scalar(item, name)?))).collect()
        }
        Some(node) => Ok(vec![(node.at, scalar(node, name)?)]),
    }
}

fn texts(root: &Node, name: &str) -> Result<Vec<String>, Problem> {
    Ok(several(root.get(name), name)?.into_iter().map(|(_, text)| text).collect())
}

impl Head {
    fn read(&mut self, root: &Node) -> Result<(), Problem> {
        let members = root.map("a rule")?;
        if let Some(title) = optional(root, "title")? {
            self.title = title;
        }
        for (place, (key, _)) in members.iter().enumerate() {
            if members.iter().take(place).any(|(other, _)| other.name == key.name) {
                return Err(Problem::at(key.at, format!("`{}` stands twice", key.name)));
            }
            if KEYS.contains(&key.name.as_str()) || key.name == "action" {
                continue;
            }
            if let Some(near) = nearest(&key.name, KEYS) {
                return Err(Problem::at(key.at, format!("there is no key {:?}; did you mean {near:?}?", key.name)));
            }
            // Anybody may add some of his own.
            self.notes.push(format!("the key {:?} is none of Sigma's, and says nothing here", key.name));
        }
        self.name = optional(root, "name")?;
        self.id = optional(root, "id")?;
        self.status = optional(root, "status")?;
        self.level = optional(root, "level")?;
        self.author = match texts(root, "author")? {
            authors if authors.is_empty() => None,
            authors => Some(authors.join(", ")),
        };
        self.license = optional(root, "license")?;
        self.description = optional(root, "description")?;
        self.references = texts(root, "references")?;
        self.tags = texts(root, "tags")?;
        self.falsepositives = texts(root, "falsepositives")?;
        self.date = optional(root, "date")?;
        self.modified = optional(root, "modified")?;
        match root.get("taxonomy") {
            Some(node) if scalar(node, "taxonomy")? != "sigma" => {
                Err(node.problem("fields have the names of another taxonomy than Sigma's own"))
            }
            _ => Ok(()),
        }
    }

    /// Something is wrong here.
    #[must_use]
    pub fn wrong(&self, at: Place, what: impl Into<String>) -> Wrong {
        Wrong::new(&self.path, at, what)
    }

    /// Whether a correlation means it by this.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        [&self.name, &self.id].into_iter().flatten().any(|known| known == name)
    }
}

fn rule(head: Head, root: &Node) -> Result<Rule, Problem> {
    let Some(logsource) = root.get("logsource") else { return Err(root.problem("it has no `logsource`")) };
    for (key, _) in logsource.map("logsource")? {
        if !LOGSOURCE.contains(&key.name.as_str()) {
            return Err(key.unknown("key", LOGSOURCE));
        }
    }
    let of = |name| optional(logsource, name).map(|text| text.map(|text| text.to_ascii_lowercase()));
    let logsource = Logsource {
        at: logsource.at,
        category: of("category")?,
        product: of("product")?,
        service: of("service")?,
        definition: optional(logsource, "definition")?,
    };
    let Some(detection) = root.get("detection") else { return Err(root.problem("it has no `detection`")) };
    let mut searches: Vec<(Key, Node)> = Vec::new();
    for (key, node) in detection.map("detection")? {
        match key.name.as_str() {
            "condition" => {}
            "timeframe" => {
                let what = "a `timeframe` belongs to old versions of Sigma; a correlation rule with a `timespan` says the same";
                return Err(Problem::at(key.at, what));
            }
            name if searches.iter().any(|(known, _)| known.name == name) => {
                return Err(Problem::at(key.at, format!("the search {name} stands twice")));
            }
            _ => searches.push((key.clone(), node.clone())),
        }
    }
    let conditions = several(detection.get("condition"), "condition")?;
    if conditions.is_empty() {
        return Err(detection.problem("it has no `condition`"));
    }
    let fields = texts(root, "fields")?;
    Ok(Rule { head, logsource, searches, conditions, fields })
}

fn correlation_of(head: Head, node: &Node, root: &Node) -> Result<Correlation, Problem> {
    for (key, _) in node.map("correlation")? {
        if !CORRELATION.contains(&key.name.as_str()) {
            return Err(key.unknown("key", CORRELATION));
        }
    }
    let needed = |name: &str| {
        let Some(inner) = node.get(name) else { return Err(node.problem(format!("it has no `{name}`"))) };
        Ok((inner.at, scalar(inner, name)?))
    };
    let (mut condition, mut field) = (Vec::new(), None);
    if let Some(inner) = node.get("condition") {
        for (key, value) in inner.map("condition")? {
            match (key.name.as_str(), &value.value) {
                ("field", Value::Text(name)) => field = Some(name.clone()),
                ("field", _) => return Err(value.unexpected("field", "the name of one field")),
                ("gt" | "gte" | "lt" | "lte" | "eq" | "neq", Value::Integer(number)) => {
                    condition.push((key.clone(), *number));
                }
                ("gt" | "gte" | "lt" | "lte" | "eq" | "neq", _) => return Err(value.unexpected(&key.name, "a number")),
                _ => return Err(key.unknown("condition", ["gt", "gte", "lt", "lte", "eq", "field"])),
            }
        }
    }
    let mut aliases = Vec::new();
    if let Some(inner) = node.get("aliases") {
        for (key, of) in inner.map("aliases")? {
            let names =
                of.map("aliases")?.iter().map(|(rule, field)| Ok((rule.name.clone(), scalar(field, "aliases")?)));
            aliases.push((key.name.clone(), names.collect::<Result<_, Problem>>()?));
        }
    }
    let generate = match node.get("generate").or_else(|| root.get("generate")) {
        None => false,
        Some(Node { value: Value::Bool(yes), .. }) => *yes,
        Some(other) => return Err(other.unexpected("generate", "true or false")),
    };
    let group_by = several(node.get("group-by"), "group-by")?.into_iter().map(|(_, field)| field).collect();
    Ok(Correlation {
        kind: needed("type")?,
        rules: several(node.get("rules"), "rules")?,
        group_by,
        timespan: needed("timespan")?,
        condition,
        field,
        aliases,
        generate,
        head,
    })
}
