//! Who we are to registries, as docker's configuration and podman's have it, so that one login serves all tools.
//!
//! The files are JSON: `auths` has an entry for each registry, with a name and a password in base64 or a token;
//! `credHelpers` and `credsStore` name programs that keep secrets instead (`docker-credential-…`).

use std::fs::Permissions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use lanner_oci::{Ask, Who};
use serde_json::{Map, Value, json};

pub use lanner_oci::Credential;

/// Bytes of a configuration at most, and of what a program says.
const MAX_CONFIG: u64 = 1 << 20;
/// What docker calls its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// The name by which a program says that its secret is a token.
const TOKEN_USER: &str = "<token>";

/// A configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// There is no place for it.
    #[error("there is no folder for docker's configuration: set DOCKER_CONFIG, or HOME")]
    NoFolder,
    /// It cannot be read or written.
    #[error("the credentials in {path} cannot be {done}: {why}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        done: &'static str,
        /// Why.
        why: String,
    },
    /// The program that keeps secrets does not.
    #[error("{helper}, which {path} names to keep passwords, fails: {why}", path = path.display())]
    Helper {
        /// The program.
        helper: String,
        /// The file that names it.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Looks who we are when a registry wants to know, and not before: what is wrong with the configuration does not keep from
/// what everybody may have.
pub(crate) struct Configured(pub(crate) String);

impl Who for Configured {
    fn credential(&self) -> Ask<'_> {
        Box::pin(async { find(&self.0).map_err(|error| error.to_string()) })
    }
}

/// The files that may have it, the first that has something first: where podman is told to look, then docker's own, then
/// podman's.
fn paths() -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let podman =
        [set("XDG_RUNTIME_DIR"), config].into_iter().flatten().map(|folder| folder.join("containers/auth.json"));
    set("REGISTRY_AUTH_FILE").into_iter().chain(docker()).chain(podman).collect()
}

fn docker() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

/// Where a login is kept.
fn path() -> Result<PathBuf, CredentialError> {
    let told = std::env::var_os("REGISTRY_AUTH_FILE").filter(|value| !value.is_empty()).map(PathBuf::from);
    told.or_else(docker).ok_or(CredentialError::NoFolder)
}

/// The names that a registry may have in a configuration; the first is the one to write.
fn names(registry: &str) -> Vec<String> {
    let hub = matches!(registry, "docker.io" | "index.docker.io" | "registry-1.docker.io");
    let first = if hub { Some(DOCKER_HUB.to_owned()) } else { None };
    let plain = if hub { "docker.io" } else { registry };
    first.into_iter().chain([plain.to_owned(), format!("https://{plain}"), format!("https://{plain}/v1/")]).collect()
}

/// What the configurations have for this registry; nothing if they have nothing, or if there are none.
///
/// # Errors
/// One is there and cannot be used.
pub fn find(registry: &str) -> Result<Option<Credential>, CredentialError> {
    for path in paths() {
        if let Some(credential) = find_in(&path, registry)? {
            return Ok(Some(credential));
        }
    }
    Ok(None)
}

fn find_in(path: &Path, registry: &str) -> Result<Option<Credential>, CredentialError> {
    let config = read(path)?;
    for name in names(registry) {
        if let Some(helper) = helper(&config, &name)
            && let Some(credential) = ask_for(&helper, path, &name)?
        {
            return Ok(Some(credential));
        }
        let entry = config.get("auths").and_then(|auths| auths.get(&name));
        if let Some(credential) = entry.map(|entry| credential_of(entry, path)).transpose()?.flatten() {
            return Ok(Some(credential));
        }
    }
    Ok(None)
}

/// What an entry says; an empty one is how docker notes that a program has it.
fn credential_of(entry: &Value, path: &Path) -> Result<Option<Credential>, CredentialError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Ok(Some(Credential::IdentityToken(token.to_owned())));
    }
    if let (Some(user), Some(password)) = (text("username"), text("password")) {
        return Ok(Some(Credential::Password { user: user.to_owned(), password: password.to_owned() }));
    }
    let Some(auth) = text("auth") else { return Ok(None) };
    let unreadable = || {
        let why = "an auth in it is no name and password in base64".to_owned();
        CredentialError::File { path: path.to_owned(), done: "read", why }
    };
    let decoded = base64::engine::general_purpose::STANDARD.decode(auth).map_err(|_| unreadable())?;
    let decoded = String::from_utf8(decoded).map_err(|_| unreadable())?;
    let (user, password) = decoded.split_once(':').ok_or_else(unreadable)?;
    // Docker fills up what it decoded with NULs.
    let (user, password) = (user.to_owned(), password.trim_end_matches('\0').to_owned());
    Ok(Some(Credential::Password { user, password }))
}

/// What a program keeps for a name.
fn ask_for(helper: &str, path: &Path, name: &str) -> Result<Option<Credential>, CredentialError> {
    let said = match ask(helper, path, "get", name) {
        // How it says that it has nothing.
        Err(CredentialError::Helper { why, .. }) if why.contains("credentials not found") => return Ok(None),
        said => said?,
    };
    let said: Value = serde_json::from_slice(&said).map_err(|_| CredentialError::Helper {
        helper: helper.to_owned(),
        path: path.to_owned(),
        why: "it does not say a name and a secret".to_owned(),
    })?;
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (user, password) = (text("Username"), text("Secret"));
    Ok(match user.as_str() {
        _ if password.is_empty() => None,
        TOKEN_USER => Some(Credential::IdentityToken(password)),
        _ => Some(Credential::Password { user, password }),
    })
}

/// Keeps a name and a password for a registry; says where.
///
/// # Errors
/// They cannot be kept.
pub fn keep(registry: &str, user: &str, password: &str) -> Result<String, CredentialError> {
    let path = path()?;
    let mut config = read(&path)?;
    let name = names(registry).swap_remove(0);
    if let Some(helper) = helper(&config, &name) {
        let secret = json!({ "ServerURL": name, "Username": user, "Secret": password });
        ask(&helper, &path, "store", &secret.to_string())?;
        // Docker keeps an empty entry, so that it can list what the helper has.
        entries(&mut config).insert(name, json!({}));
        write(&path, &config)?;
        return Ok(helper);
    }
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    entries(&mut config).insert(name, json!({ "auth": auth }));
    write(&path, &config)?;
    Ok(path.display().to_string())
}

/// Forgets what was kept for a registry; says whether there was something.
///
/// # Errors
/// It cannot be forgotten.
pub fn forget(registry: &str) -> Result<bool, CredentialError> {
    let path = path()?;
    let mut config = read(&path)?;
    let known = find_in(&path, registry)?.is_some();
    let mut listed = false;
    for name in names(registry) {
        if let Some(helper) = helper(&config, &name)
            && ask_for(&helper, &path, &name)?.is_some()
        {
            ask(&helper, &path, "erase", &name)?;
        }
        listed |= entries(&mut config).remove(&name).is_some();
    }
    if listed {
        write(&path, &config)?;
    }
    Ok(known || listed)
}

fn entries(config: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let auths = config.entry("auths").or_insert_with(|| json!({}));
    if !auths.is_object() {
        *auths = json!({});
    }
    auths.as_object_mut().expect("it is one now")
}

/// The program that keeps the secrets of this registry.
fn helper(config: &Map<String, Value>, registry: &str) -> Option<String> {
    let own = config.get("credHelpers").and_then(|helpers| helpers.get(registry));
    let name = own.or_else(|| config.get("credsStore"))?.as_str().filter(|name| !name.is_empty())?;
    Some(format!("docker-credential-{name}"))
}

fn ask(helper: &str, path: &Path, verb: &str, input: &str) -> Result<Vec<u8>, CredentialError> {
    let failed = |why: String| CredentialError::Helper { helper: helper.to_owned(), path: path.to_owned(), why };
    let child =
        Command::new(helper).arg(verb).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| {
        failed(match error.kind() {
            io::ErrorKind::NotFound => "there is no such program on the PATH".to_owned(),
            _ => error.to_string(),
        })
    })?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read says why not.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(failed(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned())),
    }
}

/// An empty file is none.
fn read(path: &Path) -> Result<Map<String, Value>, CredentialError> {
    let unreadable = |why: String| CredentialError::File { path: path.to_owned(), done: "read", why };
    let mut bytes = Vec::new();
    match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        opened => opened.and_then(|file| file.take(MAX_CONFIG + 1).read_to_end(&mut bytes)),
    }
    .map_err(|error| unreadable(error.to_string()))?;
    match bytes.len() as u64 {
        _ if bytes.trim_ascii().is_empty() => Ok(Map::new()),
        length if length > MAX_CONFIG => Err(unreadable(format!("it has more than {MAX_CONFIG} bytes"))),
        _ => serde_json::from_slice(&bytes)
            .map_err(|error| unreadable(format!("it is no JSON, at line {} column {}", error.line(), error.column()))),
    }
}

/// Replaces the configuration at once, readable by nobody else.
fn write(path: &Path, config: &Map<String, Value>) -> Result<(), CredentialError> {
    let unwritable = |why: String| CredentialError::File { path: path.to_owned(), done: "written", why };
    let failed = |error: io::Error| unwritable(error.to_string());
    // Where it is a link, what it leads to is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    let text = serde_json::to_vec_pretty(config).map_err(|error| unwritable(error.to_string()))?;
    file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_has_its_own_helper() {
        let config = json!({ "credsStore": "pass", "credHelpers": { "a.example.org": "file" } });
        let config = config.as_object().unwrap();
        assert_eq!(helper(config, "a.example.org").as_deref(), Some("docker-credential-file"));
        assert_eq!(helper(config, "b.example.org").as_deref(), Some("docker-credential-pass"));
        assert_eq!(helper(&Map::new(), "b.example.org"), None);
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let credential = Credential::Password { user: "u".to_owned(), password: "secret".to_owned() };
        assert!(!format!("{credential:?}").contains("secret"));
    }

    #[test]
    fn what_is_kept_is_found_as_others_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let password = |user: &str| Some(Credential::Password { user: user.to_owned(), password: "p:w".to_owned() });
        let auth = |user: &str| base64::engine::general_purpose::STANDARD.encode(format!("{user}:p:w"));
        let hub = json!({ "auths": { "https://index.docker.io/v1/": { "auth": auth("hub") } } });
        let podman = json!({ "auths": { "docker.io": { "auth": auth("hub") } } });
        let token = json!({ "auths": { "r.example.org": { "auth": auth("x"), "identitytoken": "t" } } });
        let plain = json!({ "auths": { "r.example.org": { "auth": auth("ann") }, "other": { "auth": "!" } } });
        let cases = [
            (hub.to_string(), "docker.io", password("hub")),
            (podman.to_string(), "docker.io", password("hub")),
            (plain.to_string(), "r.example.org", password("ann")),
            (plain.to_string(), "docker.io", None),
            (token.to_string(), "r.example.org", Some(Credential::IdentityToken("t".to_owned()))),
            // How nothing is written.
            (String::new(), "r.example.org", None),
            ("{}".to_owned(), "r.example.org", None),
            (json!({ "credsStore": "" }).to_string(), "r.example.org", None),
            (json!({ "auths": { "r.example.org": { "auth": "" } } }).to_string(), "r.example.org", None),
            (json!({ "auths": { "r.example.org": {} } }).to_string(), "r.example.org", None),
        ];
        for (text, registry, expected) in cases {
            std::fs::write(&path, &text).unwrap();
            assert_eq!(find_in(&path, registry).unwrap(), expected, "{text}");
        }
        std::fs::write(&path, json!({ "credsStore": "nowhere" }).to_string()).unwrap();
        let why = find_in(&path, "r.example.org").unwrap_err().to_string();
        assert!(
            why.starts_with("docker-credential-nowhere, which") && why.ends_with("no such program on the PATH"),
            "{why}"
        );
        std::fs::write(&path, "{\n nonsense").unwrap();
        assert!(find_in(&path, "r.example.org").unwrap_err().to_string().contains("it is no JSON, at line 2"));
    }

    #[test]
    fn what_others_keep_in_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/config.json");
        let mut config = json!({ "HttpHeaders": { "x": "y" } }).as_object().unwrap().clone();
        entries(&mut config).insert("h".to_owned(), json!({}));
        write(&path, &config).unwrap();
        assert_eq!(read(&path).unwrap(), config);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap()["HttpHeaders"]["x"], "y");
    }
}
