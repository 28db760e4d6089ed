//! The messages that scanners send, merging them, and the public status document.
