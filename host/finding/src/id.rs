//! What a finding is known by.

use sha2::{Digest as _, Sha256};

use crate::{Detail, Finding};

/// Bytes of an id: enough that nobody finds two findings with the same.
const BYTES: usize = 16;

impl Finding {
    /// Follows from what was found alone: the same live, in a replay and after a restart, so that who gets a finding twice
    /// can tell. Two that a rule raises alike about the same at the same time are the same.
    pub fn id(&self) -> [u8; BYTES] {
        let mut digest = Sha256::new();
        // Each part with its length, so that none flows into the next.
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        part(&self.time_ns.to_le_bytes());
        part(self.pack.name.as_bytes());
        part(self.rule().id.as_bytes());
        part(self.message.as_bytes());
        part(self.key.as_deref().unwrap_or_default().as_bytes());
        let (process, image) = self.process.as_ref().map_or((0, 0), |process| (process.id().0, process.image().0));
        part(&process.to_le_bytes());
        part(&image.to_le_bytes());
        for (name, detail) in &self.fields {
            part(name.as_bytes());
            add(detail, &mut part);
        }
        let digest = digest.finalize();
        std::array::from_fn(|at| digest[at])
    }
}

fn add(detail: &Detail, part: &mut impl FnMut(&[u8])) {
    match detail {
        Detail::Text(text) => part(text.as_bytes()),
        Detail::Number(number) => part(&number.to_le_bytes()),
        Detail::Float(number) => part(&number.to_bits().to_le_bytes()),
        Detail::Bool(yes) => part(&[u8::from(*yes)]),
        Detail::Path(path) => part(path),
        Detail::Address(address) => part(address.to_string().as_bytes()),
        Detail::Process(process) => part(&process.image().0.to_le_bytes()),
        Detail::ForgottenProcess(image) => part(&image.to_le_bytes()),
        Detail::List(details) => {
            part(&(details.len() as u64).to_le_bytes());
            details.iter().for_each(|detail| add(detail, part));
        }
    }
}
