//! What a library says of a failed request, in our words.

use std::error::Error as StdError;
use std::io;

use tokio_rustls::rustls;

use crate::Error;

/// More than any library nests.
const MOST_CAUSES: usize = 32;

/// What went wrong with a connection. The address does not stand in it: after a redirect it may hold what is secret.
pub(crate) fn explain(error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::Silent;
    }
    if error.is_redirect() {
        // Ours: the policy's own words.
        return Error::Malformed(innermost(error));
    }
    let why = causes(error).into_iter().find_map(of);
    Error::Unreachable(why.unwrap_or_else(|| innermost(error)))
}

/// Whether the other side speaks TLS, and its certificate is not taken.
pub(crate) fn is_certificate(error: &reqwest::Error) -> bool {
    let refused = |cause: &&(dyn StdError + 'static)| {
        matches!(cause.downcast_ref::<rustls::Error>(), Some(rustls::Error::InvalidCertificate(_)))
    };
    causes(error).iter().any(refused)
}

/// An error and all that caused it. What an error of input and output was made of does not count as its source.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut all: Vec<&'a (dyn StdError + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| all.len() < MOST_CAUSES) {
        all.push(error);
        let within = error.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
        next = within.map(|error| error as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    all
}

fn of(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(match error {
            rustls::Error::InvalidCertificate(why) => certificate(why),
            rustls::Error::InvalidMessage(_) => {
                "it does not speak TLS at that port (--plain-http, if that is meant)".to_owned()
            }
            other => format!("TLS cannot be set up with it: {other}"),
        });
    }
    if let Some(error) = error.downcast_ref::<io::Error>()
        && error.raw_os_error().is_some()
    {
        return Some(match error.kind() {
            io::ErrorKind::ConnectionRefused => "nobody listens at that port (connection refused)".to_owned(),
            io::ErrorKind::ConnectionReset => "it broke the connection off".to_owned(),
            io::ErrorKind::TimedOut => "it does not answer".to_owned(),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                "there is no way to that host".to_owned()
            }
            _ => error.to_string(),
        });
    }
    let text = error.to_string();
    if text.starts_with("dns error") || text.contains("failed to lookup address") {
        return Some("its name is not known (DNS)".to_owned());
    }
    if text.contains("tunnel") || text.contains("proxy") {
        return Some(format!("the proxy that HTTPS_PROXY or HTTP_PROXY names does not let us through ({text})"));
    }
    None
}

fn certificate(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer};
    match why {
        UnknownIssuer => {
            "its certificate is by an authority that is not trusted here (--ca-file names more)".to_owned()
        }
        Expired | ExpiredContext { .. } => "its certificate has expired".to_owned(),
        NotValidForName | NotValidForNameContext { .. } => "its certificate is for another name".to_owned(),
        other => format!("its certificate is not taken: {other}"),
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
