//! One mirror and a client that finds it.

use determinism::Clock;
use repo_client::{AddressMap, ClientSettings, ExtraRoots, Family, Fetch, RepoClient, Wanted};
use service_fakes::mirrors::{Behaviour, FakeMirrors, Plan, Transport};
use url::Url;

pub(crate) const NAME: &str = "one.mirror.example";

/// A mirror, and a client that trusts it and knows its address.
pub(crate) struct Stage {
    pub(crate) client: RepoClient,
    pub(crate) clock: Clock,
    pub(crate) mirrors: FakeMirrors,
    scheme: &'static str,
}

impl Stage {
    pub(crate) async fn with(plan: Plan) -> Self {
        Self::on(Clock::system(), plan, ClientSettings::default()).await
    }

    pub(crate) async fn behaving(behaviour: Behaviour) -> Self {
        Self::with(Plan::both(behaviour)).await
    }

    pub(crate) async fn on(clock: Clock, plan: Plan, settings: ClientSettings) -> Self {
        let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
        mirrors.add(NAME, &plan).await.unwrap();
        let settings = ClientSettings {
            address_map: AddressMap::from_json(&mirrors.address_map_json()).unwrap(),
            extra_roots: ExtraRoots::from_pem(&mirrors.trust_roots_pem()).unwrap(),
            ..settings
        };
        let scheme = if plan.transport == Transport::Plain {
            "http"
        } else {
            "https"
        };
        Self {
            client: RepoClient::new(settings, clock.clone()),
            clock,
            mirrors,
            scheme,
        }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}://{NAME}{path}", self.scheme)).unwrap()
    }

    pub(crate) async fn get(&self, path: &str, family: Family, wanted: Wanted) -> Fetch {
        let url = self.url(path);
        let addresses = self.client.resolve(&url).await.unwrap();
        self.client.get(&url, &addresses, family, wanted).await
    }

    /// The front page over IPv4, at most 4 KiB.
    pub(crate) async fn front_page(&self) -> Fetch {
        self.get("/", Family::Ipv4, Wanted::Whole(4096)).await
    }
}
