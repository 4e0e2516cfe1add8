//! The book: `docs/` with what it links to beside it, its links checked, made into pages by mdBook.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::root;

/// Of mdBook.
const VERSION: &str = "0.4.52";

/// Lays out the sources of the book and checks its links; and has mdBook make pages of it, unless only that is asked for.
pub(crate) fn run(check: bool) -> Result<()> {
    let book = root().join("target/book");
    let pages = lay_out(&book.join("src"))?;
    check_links(&book.join("src"), &pages)?;
    eprintln!("the links of {} pages lead somewhere", pages.len());
    if check {
        return Ok(());
    }
    fs::copy(root().join("docs/book.toml"), book.join("book.toml"))?;
    let mdbook = mdbook()?;
    let status = Command::new(&mdbook).args(["build", "--dest-dir", "html"]).arg(&book).status();
    if !status.with_context(|| mdbook.display().to_string())?.success() {
        bail!("mdbook could not build {}", book.display());
    }
    eprintln!("the book: {}", book.join("html/index.html").display());
    Ok(())
}

/// mdBook, which is built where it is not there yet.
fn mdbook() -> Result<PathBuf> {
    let tools = root().join("target/tools");
    let mdbook = tools.join("bin/mdbook");
    if !mdbook.exists() {
        eprintln!("building mdbook {VERSION} into target/tools");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut install = Command::new(cargo);
        install.args(["install", "mdbook", "--locked", "--no-default-features", "--version", VERSION]);
        install.arg("--root").arg(&tools).arg("--target-dir").arg(tools.join("build"));
        if !install.args(["--features", "search"]).status().context("cargo")?.success() {
            bail!("mdbook could not be built; is there a way to the registry of crates?");
        }
    }
    Ok(mdbook)
}

/// Copies all pages, and what they link to outside; gives the pages, from the top of the book.
fn lay_out(src: &Path) -> Result<BTreeSet<PathBuf>> {
    if src.exists() {
        fs::remove_dir_all(src)?;
    }
    let docs = root().join("docs");
    let mut waiting: Vec<PathBuf> = files(&docs)?;
    let mut laid: BTreeSet<PathBuf> = waiting.iter().cloned().collect();
    let mut pages = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let to = src.join(place(&path)?);
        fs::create_dir_all(to.parent().context("a folder")?)?;
        if path.extension().is_none_or(|extension| extension != "md") {
            fs::copy(&path, &to)?;
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut out = text.clone();
        // From the end, so that what stands before stays where it is.
        for link in links(&text).into_iter().rev() {
            let Some((target, anchor)) = local(&link.target) else { continue };
            let target = clean(&path.parent().context("a folder")?.join(target));
            if !target.exists() {
                bail!("{}: {} leads nowhere", shown(&path), link.target);
            }
            if target.is_dir() {
                // What is no page and no file cannot be shown: its name stays.
                out.replace_range(link.span, &format!("`{}`", shown(&target)));
                continue;
            }
            let from = place(&path)?;
            let way = relative(from.parent().unwrap_or(Path::new("")), &place(&target)?);
            let shown_text = text[link.span.clone()].split_once("](").map_or("", |(text, _)| text).to_owned();
            out.replace_range(link.span, &format!("{shown_text}]({}{anchor})", way.display()));
            if laid.insert(target.clone()) {
                waiting.push(target);
            }
        }
        fs::write(&to, out)?;
        pages.insert(place(&path)?);
    }
    Ok(pages)
}

/// Where something of the tree stands in the book.
fn place(path: &Path) -> Result<PathBuf> {
    let in_tree = path.strip_prefix(root()).with_context(|| format!("{} is not of this tree", path.display()))?;
    Ok(in_tree.strip_prefix("docs").map_or_else(|_| Path::new("tree").join(in_tree), Path::to_path_buf))
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files.append(&mut self::files(&path)?),
            false => files.push(path),
        }
    }
    files.sort();
    Ok(files)
}

/// A link or a picture, as it stands in a page: `[text](target)`.
struct Link {
    target: String,
    span: std::ops::Range<usize>,
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (event, span) in parser(text).into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            && text[span.clone()].contains("](")
        {
            links.push(Link { target: dest_url.into_string(), span });
        }
    }
    links
}

/// The path and the anchor of a link that leads to something here; an anchor of the same page has no path.
fn local(target: &str) -> Option<(&str, &str)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let at = target.find('#').unwrap_or(target.len());
    (at > 0).then(|| target.split_at(at))
}

/// Without `.` and `..` in it.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}

/// From a folder to a file, both from the top of the book.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// Each link of each page leads to something, each anchor to a heading, and each page of `docs` is in the table of contents.
fn check_links(src: &Path, pages: &BTreeSet<PathBuf>) -> Result<()> {
    let mut wrong = Vec::new();
    let mut anchors = BTreeMap::new();
    for page in pages {
        anchors.insert(page.clone(), headings(&fs::read_to_string(src.join(page))?));
    }
    let mut told: BTreeSet<PathBuf> = [PathBuf::from("SUMMARY.md")].into();
    for page in pages {
        let text = fs::read_to_string(src.join(page))?;
        for link in links(&text) {
            let target = link.target.as_str();
            let (path, anchor) = match target.strip_prefix('#') {
                Some(anchor) => (page.clone(), anchor),
                None => match local(target) {
                    Some((path, anchor)) => {
                        (clean(&page.parent().unwrap_or(Path::new("")).join(path)), anchor.trim_start_matches('#'))
                    }
                    None => continue,
                },
            };
            if page == Path::new("SUMMARY.md") {
                told.insert(path.clone());
            }
            if !src.join(&path).exists() {
                wrong.push(format!("{}: {target} leads nowhere", page.display()));
            } else if !anchor.is_empty() && !anchors.get(&path).is_some_and(|known| known.contains(anchor)) {
                wrong.push(format!("{}: {target} names no heading of {}", page.display(), path.display()));
            }
        }
    }
    let decisions = Path::new("decisions");
    for page in pages.iter().filter(|page| !page.starts_with("tree") && !page.starts_with(decisions)) {
        if !told.contains(page) {
            wrong.push(format!("{} is not in docs/SUMMARY.md", page.display()));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => bail!("the book has links that are wrong:\n  {}", wrong.join("\n  ")),
    }
}

/// The anchors of a page, as they are made of its headings.
fn headings(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
    for event in parser(text) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::End(TagEnd::Heading(_)), Some(title)) => {
                let slug = title.to_lowercase();
                let slug = slug.chars().filter_map(|c| match c {
                    ' ' => Some('-'),
                    c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
                    _ => None,
                });
                let slug: String = slug.collect();
                let numbered = (1..).map(|number| format!("{slug}-{number}"));
                let unused = std::iter::once(slug.clone()).chain(numbered).find(|name| !anchors.contains(name));
                anchors.extend(unused);
                heading = None;
            }
            (Event::Text(part) | Event::Code(part), Some(title)) => title.push_str(&part),
            _ => {}
        }
    }
    anchors
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
