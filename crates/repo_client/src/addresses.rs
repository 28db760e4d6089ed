//! Names and addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use determinism::Clock;
use tokio::net::lookup_host;
use url::{Host, Url};

use crate::address_map::AddressMap;
use crate::failure::NameFailure;

/// The two kinds of internet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4, by A records.
    Ipv4,
    /// IPv6, by AAAA records.
    Ipv6,
}

/// The addresses of a URL's host, in the order in which the resolver gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// IPv4 addresses with the port to use.
    pub ipv4: Vec<SocketAddr>,
    /// IPv6 addresses with the port to use.
    pub ipv6: Vec<SocketAddr>,
    /// How long the resolver took; none where no resolver was asked.
    pub took: Option<Duration>,
    /// Whether the addresses come from the settings.
    pub(crate) mapped: bool,
}

impl Addresses {
    /// The addresses of one family.
    pub fn of(&self, family: Family) -> &[SocketAddr] {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    fn from_list(list: impl IntoIterator<Item = SocketAddr>) -> Self {
        let mut addresses = Self::default();
        for address in list {
            let family = if address.is_ipv4() {
                &mut addresses.ipv4
            } else {
                &mut addresses.ipv6
            };
            if !family.contains(&address) {
                family.push(address);
            }
        }
        addresses
    }
}

/// Resolves the host of `url`: literal address, address map, name servers, in this order.
pub(crate) async fn resolve(
    url: &Url,
    map: &AddressMap,
    clock: &Clock,
    limit: Duration,
) -> Result<Addresses, NameFailure> {
    let port = url.port_or_known_default().ok_or(NameFailure::NotFound)?;
    let name = match url.host() {
        Some(Host::Ipv4(ip)) => return Ok(Addresses::from_list([SocketAddr::new(ip.into(), port)])),
        Some(Host::Ipv6(ip)) => return Ok(Addresses::from_list([SocketAddr::new(ip.into(), port)])),
        Some(Host::Domain(name)) => name,
        None => return Err(NameFailure::NotFound),
    };
    if let Some(mapped) = map.get(name, port) {
        return Ok(Addresses {
            mapped: true,
            ..Addresses::from_list(mapped)
        });
    }
    let started = clock.monotonic();
    let found = clock.timeout(limit, lookup_host((name, port))).await;
    let found = found
        .map_err(|_| NameFailure::TimedOut(limit))?
        .map_err(|error| name_failure(&error))?;
    let addresses = Addresses::from_list(found);
    if addresses.ipv4.is_empty() && addresses.ipv6.is_empty() {
        return Err(NameFailure::NotFound);
    }
    Ok(Addresses {
        took: Some(clock.monotonic().saturating_sub(started)),
        ..addresses
    })
}

/// The standard library gives the resolver's answer (getaddrinfo(3)) as words only.
fn name_failure(error: &io::Error) -> NameFailure {
    let words = error.to_string();
    let absent = ["not known", "No address associated", "nodename nor servname"];
    if absent.iter().any(|text| words.contains(text)) {
        NameFailure::NotFound
    } else {
        NameFailure::Failed(words)
    }
}

/// Whether an address is one of the public internet, where anybody can lead anybody.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_broadcast() || shared || first == 0)
        }
        IpAddr::V6(ip) => {
            let unique_local_or_link_local = ip.is_unique_local() || ip.is_unicast_link_local();
            !(ip.is_loopback() || ip.is_unspecified() || unique_local_or_link_local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_and_mapped_names_need_no_resolver() {
        let map = AddressMap::from_json(r#"{"a.example":["192.0.2.1","[::1]:8080","192.0.2.1"]}"#).unwrap();
        let resolve = async |url: &str| {
            resolve(
                &Url::parse(url).unwrap(),
                &map,
                &Clock::system(),
                Duration::from_secs(5),
            )
            .await
            .unwrap()
        };
        let mapped = resolve("https://a.example/").await;
        assert_eq!(
            (mapped.ipv4.len(), mapped.of(Family::Ipv6)),
            (1, &["[::1]:8080".parse().unwrap()][..])
        );
        assert_eq!(
            resolve("http://127.0.0.1:81/").await.ipv4,
            ["127.0.0.1:81".parse().unwrap()]
        );
        assert_eq!(resolve("https://[::1]/").await.ipv6, ["[::1]:443".parse().unwrap()]);
    }

    #[test]
    fn the_resolvers_words_are_told_apart() {
        let failure = |words: &str| name_failure(&io::Error::other(words));
        let absent = "failed to lookup address information: Name or service not known";
        assert_eq!(failure(absent), NameFailure::NotFound);
        let broken = "failed to lookup address information: Temporary failure in name resolution";
        assert_eq!(failure(broken), NameFailure::Failed(broken.to_owned()));
    }

    #[test]
    fn private_networks_are_not_public() {
        for ip in [
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["192.0.2.1", "9.9.9.9", "2001:db8::1"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
