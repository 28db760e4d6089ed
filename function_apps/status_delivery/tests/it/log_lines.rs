//! What the running program writes into its log when storage cannot be reached.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A place where nobody listens, opened by a signature that nobody may read.
const NOWHERE: &str = "BlobEndpoint=http://127.0.0.1:1/acme;QueueEndpoint=http://127.0.0.1:1/acme;\
                       SharedAccessSignature=sv=2025-05-05&ss=bq&srt=sco&sp=rwdlacup&sig=c2VjcmV0";

/// A process that does not outlive the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the app, has it deliver a result, which fails, and gives everything it wrote.
fn lines_of_a_failure(log_level: &str) -> String {
    let mut process = Process(
        Command::new(env!("CARGO_BIN_EXE_status_delivery"))
            .env_clear()
            .envs([
                ("FUNCTIONS_CUSTOMHANDLER_PORT", "0"),
                ("AzureWebJobsStorage", NOWHERE),
                ("pmcstatusprimary_CONNECTION", NOWHERE),
                ("LOG_LEVEL", log_level),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut output = BufReader::new(process.0.stdout.take().unwrap());
    let mut lines = String::new();
    output.read_line(&mut lines).unwrap();
    let address = lines.trim_end().rsplit(' ').next().unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let body = serde_json::json!({
        "Data": {"msg": serde_json::to_string(&crate::mirror("https://a/", 1, &[])).unwrap()},
        "Metadata": {"DequeueCount": "1"},
    })
    .to_string();
    write!(
        connection,
        "POST /publish_status_result HTTP/1.1\r\nhost: app\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    drop(process);
    output.read_to_string(&mut lines).unwrap();
    lines
}

#[test]
fn no_query_of_a_storage_address_gets_into_the_log() {
    for level in ["info", "trace"] {
        let lines = lines_of_a_failure(level);
        assert!(lines.contains("reading or writing the state"), "{lines}");
        for secret in ["Failed response", "sig=", "c2VjcmV0", "sv=", "127.0.0.1:1/"] {
            assert!(!lines.contains(secret), "{secret} at {level}:\n{lines}");
        }
    }
}

#[test]
fn who_asks_for_the_lines_of_the_storage_clients_gets_them_without_the_signature() {
    let lines = lines_of_a_failure("info,typespec_client_core=debug");
    assert!(lines.contains("Failed response"), "{lines}");
    assert!(!lines.contains("c2VjcmV0"), "{lines}");
}
