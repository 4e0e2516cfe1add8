//! The certificate and its key, read again when they change. What cannot be used is refused, and the old one goes on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_util::sync::CancellationToken;

/// Two files are not replaced at the same moment: they are read when nothing has happened for so long.
const SETTLE: Duration = Duration::from_millis(200);
/// How often the files are compared where no notice came: network file systems give none, and a folder that was itself
/// replaced gives none either.
const LOOK: Duration = Duration::from_secs(60);

/// A certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file holds something else.
    #[error("{path} holds no {what} in PEM: {error}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why not.
        error: pem::Error,
    },
    /// They do not go together.
    #[error("the certificate {certificate} cannot be used with the key {key}: {error}", certificate = certificate.display(), key = key.display())]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        error: tokio_rustls::rustls::Error,
    },
}

/// Where a certificate lies.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The chain, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What new connections are secured with.
pub struct Tls {
    files: Certificate,
    /// What is spoken on them, as ALPN has it.
    protocols: &'static [&'static [u8]],
    /// Told of each change whether it was taken.
    told: fn(bool),
    current: Mutex<Current>,
}

struct Current {
    read: Read,
    config: Arc<ServerConfig>,
    /// What was refused, so that it is not refused again and again.
    refused: Option<Read>,
}

/// The files as they were read.
#[derive(PartialEq, Eq)]
struct Read {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// They cannot be read or used.
    pub fn load(files: Certificate, protocols: &'static [&'static [u8]], told: fn(bool)) -> Result<Self, TlsError> {
        let read = read(&files)?;
        let config = Arc::new(configure(&files, protocols, &read)?);
        Ok(Self { files, protocols, told, current: Mutex::new(Current { read, config, refused: None }) })
    }

    /// Secures the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current().config.clone())
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the files again; whether there was anything new.
    fn reload(&self) -> Result<bool, TlsError> {
        let read = read(&self.files)?;
        let mut current = self.current();
        if read == current.read || current.refused.as_ref() == Some(&read) {
            return Ok(false);
        }
        match configure(&self.files, self.protocols, &read) {
            Ok(config) => {
                *current = Current { read, config: Arc::new(config), refused: None };
                Ok(true)
            }
            Err(error) => {
                current.refused = Some(read);
                Err(error)
            }
        }
    }

    /// Reads the files again, and says what came of it.
    pub fn reload_and_tell(&self) {
        match self.reload() {
            Ok(false) => {}
            Ok(true) => {
                (self.told)(true);
                tracing::info!("the new certificate is used from now on: {}", self.files.certificate.display());
            }
            Err(error) => {
                (self.told)(false);
                tracing::error!("the new certificate is refused, the old one goes on: {error}");
            }
        }
    }

    /// Reads the files again when they change, until told to stop.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let (changed, mut changes) = mpsc::channel(1);
        let watcher = self.watch(changed);
        if let Err(error) = &watcher {
            tracing::warn!(
                "changes of the certificate are seen once a minute only, as its folder cannot be watched: {error}"
            );
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(()) = changes.recv() => {
                    while tokio::time::timeout(SETTLE, changes.recv()).await.is_ok_and(|change| change.is_some()) {}
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            let tls = self.clone();
            // A panic would be told by the runtime; the old certificate goes on.
            let _ = tokio::task::spawn_blocking(move || tls.reload_and_tell()).await;
        }
    }

    /// Watches the folders: a file is mostly replaced by another one, and in Kubernetes a link to a folder is.
    fn watch(&self, changed: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is an event too.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                // One that waits is enough.
                let _ = changed.try_send(());
            }
        })?;
        let folder = |file: &Path| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let folders = [folder(&self.files.certificate), folder(&self.files.key)];
        for folder in &folders[..if folders[0] == folders[1] { 1 } else { 2 }] {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    }
}

fn read(files: &Certificate) -> Result<Read, TlsError> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| TlsError::Unreadable { path: path.into(), error });
    Ok(Read { certificate: read(&files.certificate)?, key: read(&files.key)? })
}

fn configure(files: &Certificate, protocols: &[&[u8]], read: &Read) -> Result<ServerConfig, TlsError> {
    let pem = |path: &Path, what, error| TlsError::Pem { path: path.into(), what, error };
    let chain = CertificateDer::pem_slice_iter(&read.certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
    let chain = chain.map_err(|error| pem(&files.certificate, "certificate", error))?;
    let key = PrivateKeyDer::from_pem_slice(&read.key).map_err(|error| pem(&files.key, "private key", error))?;
    let unusable = |error| TlsError::Unusable { certificate: files.certificate.clone(), key: files.key.clone(), error };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}
