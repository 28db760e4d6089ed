//! Names whose addresses are settings and not questions to the name servers.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

/// A map from name to addresses, as hosts(5) has for a machine. A mapped name is not asked of the name servers. An
/// address may have a port, which then replaces the port of the URL: servers on free ports can play servers on 80.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressMap(BTreeMap<String, Vec<MappedAddress>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MappedAddress {
    ip: IpAddr,
    port: Option<u16>,
}

/// The text is no address map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressMapError {
    /// Not a JSON object of arrays of strings.
    #[error(
        "an address map is a JSON object such as {{\"mirror.example\": [\"192.0.2.1\", \"[2001:db8::1]:8080\"]}}: {0}"
    )]
    Shape(String),
    /// An element that is no address.
    #[error("{name}: {text:?} is no IP address, with or without a port")]
    Address {
        /// The name that it stands under.
        name: String,
        /// The element.
        text: String,
    },
}

impl AddressMap {
    /// Reads `{"name": ["address", "address:port", …], …}`.
    pub fn from_json(text: &str) -> Result<Self, AddressMapError> {
        let document: BTreeMap<String, Vec<String>> =
            serde_json::from_str(text).map_err(|error| AddressMapError::Shape(error.to_string()))?;
        let mut map = Self::default();
        for (name, addresses) in document {
            for text in addresses {
                let address = read(&text).ok_or_else(|| AddressMapError::Address {
                    name: name.clone(),
                    text,
                })?;
                map.0.entry(name.to_ascii_lowercase()).or_default().push(address);
            }
        }
        Ok(map)
    }

    /// Adds an address with its port.
    pub fn insert(&mut self, name: &str, address: SocketAddr) {
        let mapped = MappedAddress {
            ip: address.ip(),
            port: Some(address.port()),
        };
        self.0.entry(name.to_ascii_lowercase()).or_default().push(mapped);
    }

    /// The map as JSON, as [`AddressMap::from_json`] reads it.
    pub fn to_json(&self) -> String {
        let text = |address: &MappedAddress| match address.port {
            Some(port) => SocketAddr::new(address.ip, port).to_string(),
            None => address.ip.to_string(),
        };
        let document: BTreeMap<&str, Vec<String>> = self
            .0
            .iter()
            .map(|(name, addresses)| (name.as_str(), addresses.iter().map(text).collect()))
            .collect();
        Value::from_iter(document).to_string()
    }

    /// The addresses of `name`, with `port` where the map has none; none for a name that is not mapped.
    pub(crate) fn get(&self, name: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let addresses = self.0.get(&name.to_ascii_lowercase())?;
        Some(
            addresses
                .iter()
                .map(|address| SocketAddr::new(address.ip, address.port.unwrap_or(port)))
                .collect(),
        )
    }
}

fn read(text: &str) -> Option<MappedAddress> {
    if let Ok(ip) = text.parse() {
        return Some(MappedAddress { ip, port: None });
    }
    let address: SocketAddr = text.parse().ok()?;
    Some(MappedAddress {
        ip: address.ip(),
        port: Some(address.port()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_port() {
        let text = r#"{"A.example":["192.0.2.1","[::1]:8080","2001:db8::1"]}"#;
        let map = AddressMap::from_json(text).unwrap();
        let addresses: Vec<_> = map
            .get("a.EXAMPLE", 80)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(addresses, ["192.0.2.1:80", "[::1]:8080", "[2001:db8::1]:80"]);
        assert_eq!(map.get("b.example", 80), None);
        assert_eq!(map.to_json(), text.replace('A', "a"));
    }

    #[test]
    fn a_wrong_map_says_where() {
        let error = |text| AddressMap::from_json(text).unwrap_err().to_string();
        assert_eq!(
            error(r#"{"a":["localhost"]}"#),
            "a: \"localhost\" is no IP address, with or without a port"
        );
        assert!(error("[]").starts_with("an address map is a JSON object such as {\"mirror.example\""));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            if let Ok(map) = AddressMap::from_json(&text) {
                let written = AddressMap::from_json(&map.to_json()).unwrap();
                prop_assert!(written == map);
            }
        }
    }
}
