use custom_handler::TimerInfo;
use package_repos::mirror::MIRROR_REQUESTS;
use service_fakes::mirrors::demo_mirrors;

use crate::stage::{app, codes, noon, passing_time, result};

/// The whole way of the demonstration: the list, a request for each mirror, and the fault that each was given.
#[tokio::test]
async fn every_mirror_of_the_demonstration_shows_its_fault() {
    let (clock, hands) = noon();
    let demo = demo_mirrors(&clock).await.unwrap();
    let app = app(Some(&demo.fleet), &clock, &[]).await;
    let run = app
        .timer("generate_mirror", &TimerInfo::default())
        .blob("inputblobmirrors", &demo.mirrors_json)
        .run()
        .await;
    let requests = run.messages(MIRROR_REQUESTS);
    assert_eq!(requests.len(), demo.mirrors.len());
    for mirror in &demo.mirrors {
        let request = requests.iter().find(|request| request.url() == mirror.url).unwrap();
        let result = result(&passing_time(&hands, app.queue("check_mirror", request).run()).await);
        let codes = codes(&result);
        let running = &result["status"][&mirror.url]["running"];
        match mirror.expected {
            None => assert!(
                codes.is_empty() && running == true,
                "{} should be healthy: {result:#}",
                mirror.url
            ),
            Some(code) if demo.limitation.is_none() => {
                assert!(
                    codes.iter().any(|found| found == code),
                    "{} should have {code}: {result:#}",
                    mirror.url
                );
            }
            Some(_) => {}
        }
    }
}
