//! Signatures of rule packs, and whom to trust.
//!
//! A signature is a Sigstore bundle (version 0.3) with a DSSE envelope around an in-toto statement: the form that cosign
//! writes and reads since its version 3. It is stored beside the pack as an OCI referrer ([`signature_manifest`]). Made
//! are signatures by a P-256 key ([`KeyPair`], [`sign`]); verified are those by a pinned key ([`verify_with_key`]) and
//! those by a certificate of a given trust root, issued to an identity ([`verify_keyless`]). A [`Policy`] says which of
//! them a registry or a repository must have; what no entry of it covers is refused.
//!
//! What is verified is a digest. Who loads the pack has to compare the bytes with that digest.
//!
//! A signature binds a digest, not a name or a time: an older pack that was signed stays signed. `docs/trust.md` says what
//! that means and what an attacker can do.
//!
//! Nothing here talks to a network, and only [`Policy::load`] and [`read_guarded`] read files.
//!
//! ```
//! use lanner_trust::{KeyPair, sign, verify_with_key};
//!
//! let key = KeyPair::generate();
//! let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
//! let bundle = sign(&key, digest)?;
//! let verified = verify_with_key(bundle.as_bytes(), digest, &[key.public().clone()])?;
//! assert_eq!(verified.signer.to_string(), format!("key {}", key.public().id()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod bundle;
mod digest;
mod error;
mod guarded;
mod identity;
mod key;
mod keyless;
mod manifest;
mod policy;
mod quoted;
mod sealed;
mod secret;
mod statement;
mod verify;

pub use bundle::{Bundle, sign};
pub use digest::DigestError;
pub use error::SignatureError;
pub use guarded::read_guarded;
pub use identity::{Claims, Identity, IdentityError};
pub use key::{KeyError, KeyId, KeyPair, PublicKey};
pub use keyless::{TrustedRoot, TrustedRootError, verify_keyless};
pub use manifest::{Blob, SignatureManifest, Subject, signature_manifest};
pub use policy::{
    AddError, Added, Change, Conditions, Entry, Newcomer, OnRevocation, Policy, PolicyError, Refusal,
    RejectedSignature, Trust, Verdict,
};
pub use secret::{Secret, SecretError, SecretText};
pub use verify::{Signer, Verified, verify_with_key};

/// The type of a bundle: of the layer that holds it, and the artifact type of a referrer that is a signature.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What the statement in the bundle is: "this was released by me", as cosign says it of an image.
pub const PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The largest bundle that is looked at, in bytes. A real one has 1 to 20 KiB; anybody who may push to a registry can
/// store a large one there.
pub const MAX_BUNDLE_BYTES: usize = 1024 * 1024;
/// The most bundles of one pack that [`Policy::check`] looks at, for the same reason.
pub const MAX_BUNDLES: usize = 1024;
