//! Free ports for handlers, and which ports a process really listens on.

use std::net::{Ipv4Addr, TcpListener};

/// A port of 127.0.0.1 that was free a moment ago, as the real host picks one for its handler.
///
/// # Errors
/// The machine has none left.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Binds `first` or the next free port after it (any free port when `first` is 0).
///
/// # Errors
/// Nothing in the hundred ports from `first` is free.
pub fn bind_from(first: u16) -> std::io::Result<TcpListener> {
    let mut last = None;
    for port in first..=first.saturating_add(if first == 0 { 0 } else { 100 }) {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                return Ok(listener);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::other("no port to try")))
}

/// The ports on which process `pid` listens, as far as this machine tells (Linux only; empty elsewhere).
pub fn listening(pid: u32) -> Vec<u16> {
    let Ok(handles) = std::fs::read_dir(format!("/proc/{pid}/fd")) else {
        return Vec::new();
    };
    let sockets: Vec<String> = handles
        .filter_map(|handle| std::fs::read_link(handle.ok()?.path()).ok())
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut ports = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        ports.extend(text.lines().filter_map(|line| listening_port(line, &sockets)));
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// One line of `/proc/net/tcp`: local address in the second column, state 0A (listen) in the fourth, inode in the tenth.
fn listening_port(line: &str, sockets: &[String]) -> Option<u16> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
    let ours = *state == "0A" && sockets.iter().any(|socket| socket == inode);
    if ours {
        u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_leads_to_the_next() {
        let first = bind_from(0).unwrap();
        let taken = first.local_addr().unwrap().port();
        let second = bind_from(taken).unwrap().local_addr().unwrap().port();
        assert!(second > taken, "{second} {taken}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_listens_where_it_listens() {
        let listener = bind_from(0).unwrap();
        assert!(listening(std::process::id()).contains(&listener.local_addr().unwrap().port()));
    }

    #[test]
    fn lines_of_other_sockets_and_states_do_not_count() {
        let line = |state: &str| format!("0: 0100007F:1F90 00000000:0000 {state} 0:0 00:0 0 0 0 4242 1");
        assert_eq!(listening_port(&line("0A"), &["4242".into()]), Some(8080));
        assert_eq!(listening_port(&line("01"), &["4242".into()]), None);
        assert_eq!(listening_port(&line("0A"), &["1".into()]), None);
        assert_eq!(listening_port("sl local_address", &[]), None);
    }
}
