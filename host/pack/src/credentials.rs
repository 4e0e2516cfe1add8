//! Who we are to registries, as docker's configuration has it, so that one login serves all tools.

use std::fs::Permissions;
use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde_json::{Map, Value, json};

/// Bytes of a configuration at most.
const MAX_CONFIG: u64 = 1 << 20;

/// What proves who we are.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token from which others are made.
    IdentityToken(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential")
    }
}

/// Docker's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// There is no place for it.
    #[error("there is no folder for docker's configuration: set DOCKER_CONFIG, or HOME")]
    NoFolder,
    /// It cannot be read or written.
    #[error("docker's configuration {path} cannot be {done}: {why}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        done: &'static str,
        /// Why.
        why: String,
    },
    /// The program that keeps secrets does not.
    #[error("{helper}, which docker's configuration names to keep passwords, fails: {why}")]
    Helper {
        /// The program.
        helper: String,
        /// Why.
        why: String,
    },
}

/// Docker's configuration file.
fn path() -> Result<PathBuf, CredentialError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")));
    folder.map(|folder| folder.join("config.json")).ok_or(CredentialError::NoFolder)
}

/// What the configuration has for this registry; `None` if it has nothing, or if there is no configuration.
///
/// # Errors
/// It is there and cannot be used.
pub fn find(registry: &str) -> Result<Option<Credential>, CredentialError> {
    let Ok(path) = path() else { return Ok(None) };
    let unreadable = |why: String| CredentialError::File { path: path.clone(), done: "read", why };
    let file = match std::fs::File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| unreadable(error.to_string()))?,
    };
    let found = docker_credential::get_credential_from_reader(BufReader::new(file.take(MAX_CONFIG)), registry);
    match found {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Some(Credential::Password { user, password })),
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Credential::IdentityToken(token))),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        // How a helper says that it has nothing.
        Err(CredentialRetrievalError::HelperFailure { stdout, stderr, .. })
            if format!("{stdout}{stderr}").contains("credentials not found") =>
        {
            Ok(None)
        }
        Err(CredentialRetrievalError::HelperFailure { helper, stdout, stderr }) => {
            let why = format!("{} {}", stdout.trim(), stderr.trim()).trim().to_owned();
            Err(CredentialError::Helper { helper, why })
        }
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// Keeps a name and a password for a registry; says where.
///
/// # Errors
/// They cannot be kept.
pub fn keep(registry: &str, user: &str, password: &str) -> Result<String, CredentialError> {
    let path = path()?;
    let mut config = read(&path)?;
    if let Some(helper) = helper(&config, registry) {
        let secret = json!({ "ServerURL": registry, "Username": user, "Secret": password });
        ask(&helper, "store", &secret.to_string())?;
        // Docker keeps an empty entry, so that it can list what the helper has.
        entries(&mut config).insert(registry.to_owned(), json!({}));
        write(&path, &config)?;
        return Ok(helper);
    }
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    entries(&mut config).insert(registry.to_owned(), json!({ "auth": auth }));
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
    let known = find(registry)?.is_some();
    if let Some(helper) = helper(&config, registry).filter(|_| known) {
        ask(&helper, "erase", registry)?;
    }
    let listed = entries(&mut config).remove(registry).is_some();
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

fn ask(helper: &str, verb: &str, input: &str) -> Result<(), CredentialError> {
    let failed = |why: String| CredentialError::Helper { helper: helper.to_owned(), why };
    let child =
        Command::new(helper).arg(verb).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(|error| failed(error.to_string()))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned())),
    }
}

fn read(path: &Path) -> Result<Map<String, Value>, CredentialError> {
    let unreadable = |why: String| CredentialError::File { path: path.to_owned(), done: "read", why };
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Map::new()),
        Err(error) => Err(unreadable(error.to_string())),
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string())),
    }
}

/// Replaces the configuration at once, readable by nobody else.
fn write(path: &Path, config: &Map<String, Value>) -> Result<(), CredentialError> {
    let unwritable = |why: String| CredentialError::File { path: path.to_owned(), done: "written", why };
    let failed = |error: std::io::Error| unwritable(error.to_string());
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
