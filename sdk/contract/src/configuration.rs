//! What a pack is told before its first batch.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::SettingValue;
use crate::cbor::{self, Malformed, Reader, Written as _};

/// What a pack is told before its first batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// What was set, by name; of the rest the defaults hold.
    pub settings: Vec<(String, SettingValue)>,
    /// Rules that are not to run, by index.
    pub off: Vec<u32>,
}

impl Configuration {
    /// As it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { settings, off } = self;
        cbor::encoded(|writer| {
            writer.map(cbor::count(&[!settings.is_empty(), !off.is_empty()])).written();
            if !settings.is_empty() {
                writer.str("settings").and_then(|writer| writer.map(settings.len() as u64)).written();
                for (name, value) in settings {
                    writer.str(name).map(drop).written();
                    value.write(writer);
                }
            }
            if !off.is_empty() {
                writer.str("off").and_then(|writer| writer.array(off.len() as u64)).written();
                off.iter().for_each(|rule| writer.u32(*rule).map(drop).written());
            }
        })
    }

    /// From what travelled.
    ///
    /// # Errors
    /// It is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut told = Self::default();
        cbor::map(&mut Reader::new(bytes), |key, decoder| {
            match key {
                "settings" => cbor::map(decoder, |name, decoder| {
                    let value = decoder.whole(SettingValue::read)?;
                    told.settings.extend(value.map(|value| (name.to_string(), value)));
                    Ok(true)
                })?,
                "off" => told.off = cbor::list(decoder, |decoder| Ok(decoder.u32()?))?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(told)
    }
}
