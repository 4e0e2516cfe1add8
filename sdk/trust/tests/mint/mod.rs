//! A Sigstore of its own, in memory: a certificate authority, its certificate log, and a transparency log with one entry.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sigstore_verify::crypto::KeyPair;
use sigstore_verify::types::DerPublicKey;

use crate::forge::{PAYLOAD_TYPE, RELEASE, pae, statement};

pub(crate) const ISSUER: &str = "https://accounts.example.org";
pub(crate) const SUBJECT: &str = "https://ci.example.org/team/starter/release.yml@refs/tags/v1";

/// How long a certificate is valid: as those of the public authority.
const LIFETIME: Duration = Duration::from_secs(600);

pub(crate) struct Authority {
    ca: CertificateParams,
    ca_key: rcgen::KeyPair,
    certificate_log: KeyPair,
    transparency_log: KeyPair,
}

/// What is to be signed, for whom, and what is to be wrong with it.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) digest: String,
    pub(crate) predicate_type: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// Claims of Fulcio's, by the last number of their extensions.
    pub(crate) claims: Vec<(u64, String)>,
    /// How long before the entry of the log the certificate began to be valid.
    pub(crate) age: Duration,
    /// Whether there is an entry of the log.
    pub(crate) logged: bool,
}

impl Request {
    pub(crate) fn release(digest: &str) -> Self {
        Self {
            digest: digest.into(),
            predicate_type: RELEASE.into(),
            issuer: ISSUER.into(),
            subject: SUBJECT.into(),
            claims: Vec::new(),
            age: Duration::from_secs(60),
            logged: true,
        }
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "authority.example.org");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.not_before = rcgen::date_time_ymd(2020, 1, 1);
        ca.not_after = rcgen::date_time_ymd(2049, 1, 1);
        Self {
            ca,
            ca_key: rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            certificate_log: KeyPair::generate_ecdsa_p256().unwrap(),
            transparency_log: KeyPair::generate_ecdsa_p256().unwrap(),
        }
    }

    /// The same logs with another authority: somebody who could log what he has no certificate for.
    pub(crate) fn with_another_ca(self) -> Self {
        Self { ca_key: rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(), ..self }
    }

    pub(crate) fn trusted_root(&self) -> String {
        let since = json!({"start": "2020-01-01T00:00:00Z"});
        let log = |key: &KeyPair, url: &str| {
            let key: DerPublicKey = key.public_key_der().unwrap();
            json!({
                "baseUrl": url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": key.to_base64(), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since},
                "logId": {"keyId": BASE64.encode(sha256(key.as_bytes()))},
            })
        };
        let certificate = self.ca.self_signed(&self.ca_key).unwrap();
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.transparency_log, "https://log.example.org")],
            "certificateAuthorities": [{
                "subject": {"organization": "example", "commonName": "authority.example.org"},
                "uri": "https://authority.example.org",
                "certChain": {"certificates": [{"rawBytes": BASE64.encode(certificate.der())}]},
                "validFor": since,
            }],
            "ctlogs": [log(&self.certificate_log, "https://certificates.example.org")],
            "timestampAuthorities": [],
        })
        .to_string()
    }

    /// The id of the transparency log.
    pub(crate) fn log_id(&self) -> String {
        BASE64.encode(sha256(self.transparency_log.public_key_der().unwrap().as_bytes()))
    }

    pub(crate) fn sign(&self, request: &Request) -> Vec<u8> {
        self.bundle(request).to_string().into_bytes()
    }

    /// The certificate of the key, with the promise of the certificate log in it.
    fn certificate(&self, key: &rcgen::KeyPair, request: &Request, begin: Duration) -> rcgen::Certificate {
        let issuer = Issuer::from_params(&self.ca, &self.ca_key);
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name = DistinguishedName::new();
        leaf.serial_number = Some(SerialNumber::from(vec![0x11; 16]));
        leaf.not_before = rcgen::date_time_ymd(1970, 1, 1) + begin;
        leaf.not_after = rcgen::date_time_ymd(1970, 1, 1) + begin + LIFETIME;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        leaf.use_authority_key_identifier_extension = true;
        let subject = request.subject.as_str().try_into().unwrap();
        leaf.subject_alt_names =
            vec![if request.subject.contains("://") { SanType::URI(subject) } else { SanType::Rfc822Name(subject) }];
        let oid = &[1, 3, 6, 1, 4, 1, 57264, 1, 8];
        leaf.custom_extensions.push(CustomExtension::from_oid_content(oid, der(0x0c, request.issuer.as_bytes())));
        for (number, text) in &request.claims {
            let oid = &[1, 3, 6, 1, 4, 1, 57264, 1, *number];
            leaf.custom_extensions.push(CustomExtension::from_oid_content(oid, der(0x0c, text.as_bytes())));
        }

        // What the log signs is the certificate without its promise (RFC 6962, 3.2).
        let before = leaf.signed_by(key, &issuer).unwrap();
        let body = to_be_signed(before.der());
        let millis = u64::try_from((begin + Duration::from_secs(1)).as_millis()).unwrap().to_be_bytes();
        let mut signed = vec![0, 0];
        signed.extend(millis);
        signed.extend([0, 1]);
        signed.extend(sha256(&self.ca_key.subject_public_key_info()));
        signed.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        signed.extend(body);
        signed.extend([0, 0]);
        let signature = self.certificate_log.sign(&signed).unwrap();
        let mut promise = vec![0];
        promise.extend(sha256(self.certificate_log.public_key_der().unwrap().as_bytes()));
        promise.extend(millis);
        promise.extend([0, 0, 4, 3]);
        promise.extend(with_length(signature.as_bytes()));
        let list = with_length(&with_length(&promise));
        let oid = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
        leaf.custom_extensions.push(CustomExtension::from_oid_content(oid, der(0x04, &list)));
        leaf.signed_by(key, &issuer).unwrap()
    }

    pub(crate) fn bundle(&self, request: &Request) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let key = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let signer = KeyPair::from_pkcs8_der(&key.serialize_der()).unwrap();
        let leaf = self.certificate(&key, request, Duration::from_secs((now - request.age).as_secs()));
        let payload = statement(&request.predicate_type, &request.digest).to_string();
        let signature = signer.sign(&pae(PAYLOAD_TYPE, payload.as_bytes())).unwrap();
        let envelope = json!({
            "payload": BASE64.encode(&payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": signature.to_base64()}],
        });
        let mut material = json!({"certificate": {"rawBytes": BASE64.encode(leaf.der())}});
        if request.logged {
            // The fields of these stand in the order of the canonical form.
            let body = json!({
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": {"algorithm": "sha256", "value": hex::encode(sha256(envelope.to_string().as_bytes()))},
                    "payloadHash": {"algorithm": "sha256", "value": hex::encode(sha256(payload.as_bytes()))},
                    "signatures": [{"signature": signature.to_base64(), "verifier": BASE64.encode(leaf.pem())}],
                },
            });
            material["tlogEntries"] = json!([self.entry(&body.to_string(), now.as_secs())]);
        }
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
            "dsseEnvelope": envelope,
        })
    }

    /// The only entry of the log, with its promise and its proof.
    fn entry(&self, body: &str, time: u64) -> Value {
        let log = &self.transparency_log;
        let id = sha256(log.public_key_der().unwrap().as_bytes());
        let body64 = BASE64.encode(body);
        let promised = json!({"body": body64, "integratedTime": time, "logID": hex::encode(id), "logIndex": 0});
        let promise = log.sign(promised.to_string().as_bytes()).unwrap();
        let mut leaf = vec![0];
        leaf.extend(body.as_bytes());
        let root = BASE64.encode(sha256(&leaf));
        let note = format!("log.example.org - 1\n1\n{root}\n");
        let mut signature = id[..4].to_vec();
        signature.extend(log.sign(note.as_bytes()).unwrap().as_bytes());
        let checkpoint = format!("{note}\n\u{2014} log.example.org {}\n", BASE64.encode(signature));
        json!({
            "logIndex": "0",
            "logId": {"keyId": BASE64.encode(id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": time.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": promise.to_base64()},
            "inclusionProof": {
                "logIndex": "0", "rootHash": root, "treeSize": "1", "hashes": [], "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": body64,
        })
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut all = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    all.extend(bytes);
    all
}

/// One DER value of less than 64 KiB.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut value = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    value.extend(content);
    value
}

/// The first value inside a sequence, whole: what is signed of a certificate.
fn to_be_signed(certificate: &[u8]) -> &[u8] {
    fn header(value: &[u8]) -> (usize, usize) {
        let first = usize::from(value[1]);
        if first < 0x80 {
            return (2, first);
        }
        let bytes = first & 0x7f;
        (2 + bytes, value[2..2 + bytes].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }
    let inner = &certificate[header(certificate).0..];
    let (head, length) = header(inner);
    &inner[..head + length]
}
