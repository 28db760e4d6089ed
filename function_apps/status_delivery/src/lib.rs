//! Merges scan results into one public status document.
