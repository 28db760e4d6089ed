//! Cases that depend on culture or zone, in the cultures and zones they were captured in.

use crate::agreement::all_agree;
use crate::case::{cases, name};
use crate::{answer_cases, request_cases};

#[test]
fn zones_are_followed_as_captured() {
    let file = "host/culture_and_zone.json";
    all_agree(
        file,
        &cases(file),
        |case| name(case).to_owned(),
        |case| {
            if case.get("response").is_some() {
                answer_cases::check(case)
            } else {
                request_cases::check(case)
            }
        },
    );
}
