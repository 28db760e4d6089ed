//! Which redirects are followed.

use std::net::SocketAddr;

use http::HeaderMap;
use http::header::LOCATION;
use url::Url;

use crate::addresses::{Addresses, is_public};
use crate::failure::Failure;

/// The way that a request has taken.
#[derive(Debug)]
pub(crate) struct Way {
    visited: Vec<Url>,
    most: usize,
    downgraded: bool,
}

impl Way {
    pub(crate) fn from(start: &Url, most: usize) -> Self {
        Self {
            visited: vec![start.clone()],
            most,
            downgraded: false,
        }
    }

    pub(crate) fn redirects(&self) -> usize {
        self.visited.len() - 1
    }

    pub(crate) fn downgraded(&self) -> bool {
        self.downgraded
    }

    /// The address to which the answer redirects.
    pub(crate) fn follow(&mut self, headers: &HeaderMap) -> Result<Url, Failure> {
        let location = headers
            .get(LOCATION)
            .map(|location| location.as_bytes())
            .unwrap_or_default();
        let location =
            std::str::from_utf8(location).map_err(|_| Failure::RedirectRefused("its Location is no text"))?;
        if location.len() > 8192 {
            return Err(Failure::RedirectRefused("its Location is too long"));
        }
        let here = self.visited.last().ok_or(Failure::RedirectLoop)?;
        let mut next = here
            .join(location)
            .map_err(|_| Failure::RedirectRefused("its Location is no URL"))?;
        next.set_fragment(None);
        if !matches!(next.scheme(), "http" | "https") || next.host_str().is_none() {
            return Err(Failure::RedirectRefused("it leads to no web address"));
        }
        if self.visited.contains(&next) || self.visited.len() > self.most {
            return Err(Failure::RedirectLoop);
        }
        self.downgraded |= here.scheme() == "https" && next.scheme() == "http";
        self.visited.push(next.clone());
        Ok(next)
    }
}

/// A public server may not lead into the scanner's own network, where addresses answer that are not meant for it, such
/// as a cloud's metadata service. A mirror inside a private network may lead to others there.
pub(crate) fn check_destination(from: Option<SocketAddr>, to: &Addresses) -> Result<(), Failure> {
    let from_outside = from.is_none_or(|from| is_public(from.ip()));
    let to_inside = to.ipv4.iter().chain(&to.ipv6).any(|address| !is_public(address.ip()));
    if from_outside && to_inside && !to.mapped {
        return Err(Failure::RedirectRefused(
            "it leads from the public network into a private one",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(location: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(LOCATION, HeaderValue::from_bytes(location).unwrap())])
    }

    fn start() -> Url {
        Url::parse("https://a.example/x/").unwrap()
    }

    #[test]
    fn relative_and_absolute_addresses_are_followed() {
        let mut way = Way::from(&start(), 10);
        assert_eq!(
            way.follow(&headers(b"y#part")).unwrap().as_str(),
            "https://a.example/x/y"
        );
        assert_eq!(
            way.follow(&headers(b"//b.example")).unwrap().as_str(),
            "https://b.example/"
        );
        assert!(!way.downgraded());
        assert_eq!(
            way.follow(&headers(b"http://b.example/")).unwrap().as_str(),
            "http://b.example/"
        );
        assert!(way.downgraded());
        assert_eq!(way.redirects(), 3);
    }

    #[test]
    fn circles_and_long_ways_end() {
        assert_eq!(
            Way::from(&start(), 10).follow(&headers(b"/x/")),
            Err(Failure::RedirectLoop)
        );
        let mut way = Way::from(&start(), 2);
        assert!(way.follow(&headers(b"1")).is_ok() && way.follow(&headers(b"2")).is_ok());
        assert_eq!(way.follow(&headers(b"3")), Err(Failure::RedirectLoop));
    }

    #[test]
    fn a_public_server_cannot_lead_into_a_private_network() {
        let to = |address: &str| Addresses {
            ipv4: vec![address.parse().unwrap()],
            ..Addresses::default()
        };
        let public = "192.0.2.1:80".parse().ok();
        assert!(matches!(
            check_destination(public, &to("169.254.169.254:80")),
            Err(Failure::RedirectRefused(_))
        ));
        assert_eq!(check_destination(public, &to("198.51.100.1:80")), Ok(()));
        assert_eq!(
            check_destination("10.0.0.1:80".parse().ok(), &to("10.0.0.2:80")),
            Ok(())
        );
        assert_eq!(
            check_destination(
                public,
                &Addresses {
                    mapped: true,
                    ..to("127.0.0.1:80")
                }
            ),
            Ok(())
        );
    }

    proptest! {
        #[test]
        fn any_location_is_followed_or_refused(location in proptest::collection::vec(0x20_u8..0x7f, 0..200)) {
            if let Ok(next) = Way::from(&start(), 10).follow(&headers(&location)) {
                prop_assert!(matches!(next.scheme(), "http" | "https"));
            }
        }
    }
}
