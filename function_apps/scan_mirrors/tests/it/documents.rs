use custom_handler::testing::assert_manifest;
use package_repos::Code;
use package_repos::mirror::MirrorList;
use scan_mirrors::functions;

const README: &str = include_str!("../../README.md");

#[test]
fn the_generated_files_are_those_of_the_declaration() {
    assert_manifest(&functions(), env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn the_table_of_codes_in_the_readme_is_that_of_the_code() {
    let table = Code::markdown_table();
    assert!(
        README.contains(&table),
        "put this between the markers of README.md:\n{table}"
    );
}

#[test]
fn the_list_for_development_can_be_used() {
    let list = include_str!("../../dev/blobs/static-data/mirrors.json");
    let list = MirrorList::read(list).unwrap();
    assert_eq!(list.unusable, []);
}
