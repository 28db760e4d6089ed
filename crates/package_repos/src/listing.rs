//! Directory listings and front pages.

/// Whether a page has a link: an `href` attribute with a non-empty quoted value.
///
/// That is what the status service has always asked of a mirror's front page. It works on any bytes, also on the
/// beginning of a page only, in one pass without copies.
pub fn has_link(page: &[u8]) -> bool {
    let mut rest = page;
    while let Some(position) = find_ignoring_case(rest, b"href") {
        rest = &rest[position + b"href".len()..];
        if starts_quoted_value(rest) {
            return true;
        }
    }
    false
}

/// What follows the attribute's name: white space, `=`, white space, a quote, at least one byte that is no quote.
fn starts_quoted_value(bytes: &[u8]) -> bool {
    let Some(value) = bytes.trim_ascii_start().strip_prefix(b"=") else {
        return false;
    };
    match value.trim_ascii_start() {
        [b'"', first, ..] => *first != b'"',
        [b'\'', first, ..] => *first != b'\'',
        _ => false,
    }
}

fn find_ignoring_case(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::has_link;

    #[test]
    fn quoted_links_count_in_any_spelling() {
        for page in [
            r#"<a href="debian/">"#,
            "<A HREF = 'x'>",
            "<a\nhref\n=\n\"x",
            r#"<a href=""><a href="x">"#,
        ] {
            assert!(has_link(page.as_bytes()), "{page}");
        }
    }

    #[test]
    fn pages_without_a_usable_link_do_not() {
        for page in [
            "",
            "href",
            "href=",
            "href=\"",
            "<a href=\"\">",
            "<a href=''>",
            "<p>It works!</p>",
            "hrefx=\"y\"",
        ] {
            assert!(!has_link(page.as_bytes()), "{page}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(page in proptest::collection::vec(any::<u8>(), 0..2000)) {
            has_link(&page);
        }

        #[test]
        fn a_link_is_found_after_any_text_that_is_cut_anywhere(before in "[^h]{0,200}", after in "\\PC{0,50}") {
            let page = format!("{before}<a href='x{after}");
            prop_assert!(has_link(page.as_bytes()));
        }
    }
}
