//! What is signed: an in-toto statement that names one manifest, inside the encoding that DSSE signs.

use serde::Deserialize;

use crate::PREDICATE_TYPE;
use crate::digest;
use crate::error::SignatureError;

/// The type of the payload.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The statement that the manifest with this digest is released. The same digest gives the same bytes.
pub(crate) fn of(hex: &str) -> String {
    format!(
        r#"{{"_type":"{STATEMENT_TYPE}","subject":[{{"digest":{{"sha256":"{hex}"}},"annotations":{{}}}}],"predicateType":"{PREDICATE_TYPE}","predicate":{{}}}}"#
    )
}

/// The bytes that DSSE signs: the type and the payload, each with its length, so that neither can pass for the other.
pub(crate) fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

// Fields of these are told apart by name alone; a name that comes twice is an error of the parser.
#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    digest: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

/// Whether a payload whose signature was verified says that this manifest is released.
pub(crate) fn check(payload: &[u8], wanted: &str) -> Result<(), SignatureError> {
    let malformed = |what: String| SignatureError::Malformed(what);
    let statement: Statement = serde_json::from_slice(payload)
        .map_err(|error| malformed(format!("what was signed is not an in-toto statement ({error})")))?;
    if statement.statement_type != STATEMENT_TYPE {
        return Err(SignatureError::OtherStatement {
            field: "_type",
            has: statement.statement_type,
            wanted: STATEMENT_TYPE,
        });
    }
    if statement.predicate_type != PREDICATE_TYPE {
        return Err(SignatureError::OtherStatement {
            field: "predicateType",
            has: statement.predicate_type,
            wanted: PREDICATE_TYPE,
        });
    }
    let [subject] = statement.subject.as_slice() else {
        return Err(malformed(format!("it is for {} subjects instead of one", statement.subject.len())));
    };
    match &subject.digest.sha256 {
        Some(hex) if hex == wanted => Ok(()),
        Some(hex) if digest::is_hex(hex) => {
            Err(SignatureError::OtherContent { signed: format!("sha256:{hex}"), wanted: format!("sha256:{wanted}") })
        }
        _ => Err(malformed("its subject has no sha256 digest".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_encoded_with_their_length() {
        // The example of the DSSE specification.
        assert_eq!(
            pre_authentication_encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn what_is_written_is_accepted() {
        let hex = "ab".repeat(32);
        assert_eq!(
            of(&hex),
            format!(
                "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{{\"digest\":{{\"sha256\":\"{hex}\"}},\
                 \"annotations\":{{}}}}],\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\",\"predicate\":{{}}}}"
            )
        );
        assert_eq!(check(of(&hex).as_bytes(), &hex), Ok(()));
    }
}
