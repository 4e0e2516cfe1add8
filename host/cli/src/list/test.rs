//! `lanner list test`: whether a list has a value.

use std::net::IpAddr;
use std::process::ExitCode;

use lanner_contract::ListType;
use lanner_lists::ListName;

use super::{Failure, Loaded, Rules, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The list: NAME, or PACK/NAME
    #[arg(value_name = "NAME")]
    name: ListName,
    /// The value: a text, a path, an image, a domain, an address or a number
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
    #[command(flatten)]
    rules: Rules,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let loaded = Loaded::of(&arguments.rules)?;
    let now = loaded.runtime().lists().now();
    let mut lines = Vec::new();
    let mut all = true;
    for list in loaded.lists(Some(&arguments.name))? {
        let value = bytes(&ListType::from_name(&list.holds), &arguments.value)?;
        let has = loaded.number(&list).is_some_and(|number| now.has(number, &value));
        all &= has;
        let (pack, name) = (&list.pack, &list.list);
        lines.push(format!("{pack}/{name} {} {}", if has { "has" } else { "does not have" }, arguments.value));
    }
    print("test", &(lines.join("\n") + "\n"))?;
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A value, as it is looked up in a list that holds this.
fn bytes(holds: &ListType, value: &str) -> Result<Vec<u8>, Failure> {
    Ok(match holds {
        ListType::Cidr => match value.parse().map_err(|_| format!("{value:?} is no address such as 192.0.2.7"))? {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        },
        ListType::Number => {
            let number: i64 = value.parse().map_err(|_| format!("{value:?} is no whole number"))?;
            number.to_le_bytes().to_vec()
        }
        _ => value.as_bytes().to_vec(),
    })
}
