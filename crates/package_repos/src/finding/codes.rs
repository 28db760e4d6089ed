//! The one table of codes.

use super::Severity;

macro_rules! codes {
    ($($variant:ident = $id:literal, $severity:ident, $meaning:literal, $remedy:literal;)*) => {
        /// What kind of fault a finding is. The text form of a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable text form, such as `MIRROR-REFUSED`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// How much it matters.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What it says about the mirror.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    EntryInvalid = "ENTRY-INVALID", Error,
        "The mirror's entry in the list cannot be used, so nothing was asked.",
        "Correct the entry in `mirrors.json`; the message names the member.";
    DnsNotFound = "DNS-NOT-FOUND", Error,
        "The mirror's name does not exist, or has no address.",
        "Correct the name, or restore its A and AAAA records.";
    DnsFailed = "DNS-FAILED", Error,
        "The mirror's name could not be resolved: the name servers failed or did not answer in time.",
        "Look at the name servers of the mirror's zone; if many mirrors have it at once, at the scanner's own resolver.";
    MirrorRefused = "MIRROR-REFUSED", Error,
        "The connection was refused.",
        "Start the web server, or open its port in the firewall.";
    MirrorUnreachable = "MIRROR-UNREACHABLE", Error,
        "No connection could be made, for another reason than refusal or time-out.",
        "Look at routing between the scanner and the mirror; the message has the system's words.";
    MirrorTimeout = "MIRROR-TIMEOUT", Error,
        "The mirror did not get to the end of a step in time; the message names the step.",
        "Look at the mirror's load and at packet filters that drop silently.";
    MirrorReset = "MIRROR-RESET", Error,
        "The mirror broke off the connection before the answer was complete.",
        "Look at the web server's error log and at middle boxes in between.";
    MirrorHttpStatus = "MIRROR-HTTP-STATUS", Error,
        "The mirror answered with a status that gives clients nothing.",
        "Look at the web server's configuration and at the file's presence.";
    MirrorBusy = "MIRROR-BUSY", Error,
        "The mirror turned the request away (429 or 503), or had asked to be left alone until a moment still to come.",
        "Give the mirror more capacity, or ask its operator to admit the scanner.";
    MirrorProtocol = "MIRROR-PROTOCOL", Error,
        "The answer is not HTTP as clients understand it.",
        "See what else listens on this port; look at proxies in between.";
    BodyShort = "BODY-SHORT", Error,
        "The body ended before its announced length.",
        "Look at the web server's error log; a file may be in mid-replacement.";
    BodyTooLarge = "BODY-TOO-LARGE", Error,
        "The file is larger than any genuine one; reading stopped at the limit.",
        "See what the address serves.";
    RedirectLoop = "REDIRECT-LOOP", Error,
        "Redirects lead in a circle, or there are too many of them.",
        "Correct the redirect rules.";
    RedirectRefused = "REDIRECT-REFUSED", Error,
        "A redirect leads where the scanner does not follow: no web address, or a private network from a public one.",
        "Correct the redirect rules.";
    RedirectDowngrade = "REDIRECT-DOWNGRADE", Warning,
        "A redirect leads from https to http: clients that insist on TLS stop there.",
        "Redirect to https.";
    MirrorNoContent = "MIRROR-NO-CONTENT", Error,
        "The front page has no link: the directory is empty, or not mounted.",
        "See that the mirror's disk is mounted and that the index page or listing is switched on.";
    MirrorNotRelease = "MIRROR-NOT-RELEASE", Error,
        "What stands in the place of InRelease is something else, such as an HTML page.",
        "See what the address serves; captive portals and catch-all pages are the usual cause.";
    MirrorNotRepomd = "MIRROR-NOT-REPOMD", Error,
        "What stands in the place of repomd.xml is something else, or broken XML.",
        "See what the address serves; captive portals and catch-all pages are the usual cause.";
    ReleaseExpired = "RELEASE-EXPIRED", Error,
        "The suite's Valid-Until has passed: apt refuses it.",
        "Synchronise the mirror; if the authority has the same date, the authority must publish again.";
    ReleaseNotYetValid = "RELEASE-NOT-YET-VALID", Error,
        "The suite's Date lies in the future: apt refuses it.",
        "Correct the clock of the machine that makes the repository.";
    ReleaseSuiteMismatch = "RELEASE-SUITE-MISMATCH", Warning,
        "The file names another suite than the one that was asked for: apt warns of a conflicting distribution.",
        "See that links between suites point to the right folder.";
    MirrorLagging = "MIRROR-LAGGING", Warning,
        "The mirror has lacked the authority's present generation for longer than the set limit.",
        "Look at the mirror's synchronisation job.";
    MirrorBehind = "MIRROR-BEHIND", Notice,
        "The mirror does not have the authority's present generation yet; it is within the set limits.",
        "Nothing, unless it stays.";
    AuthorityUnknown = "AUTHORITY-UNKNOWN", Notice,
        "The authority could not be read, so the mirror's lag is not known.",
        "Look at the authority, or at the `authority` of the mirror's entry.";
    MirrorGenerationsDiffer = "MIRROR-GENERATIONS-DIFFER", Warning,
        "IPv4 and IPv6 serve different generations of a file: clients that change between them see hash mismatches.",
        "Synchronise the machines behind the name together.";
    MirrorIpv6Broken = "MIRROR-IPV6-BROKEN", Warning,
        "The mirror works over IPv4 and not over IPv6: clients with IPv6 wait, or fail.",
        "Repair IPv6, or withdraw the AAAA record; the message has the cause.";
    MirrorAddressBroken = "MIRROR-ADDRESS-BROKEN", Warning,
        "One address of the name does not take connections while another does: some clients wait, or fail.",
        "Repair the machine, or withdraw its address record.";
    FamilyNotChecked = "FAMILY-NOT-CHECKED", Notice,
        "The mirror has addresses of a family that the scanner has no route for.",
        "Run the scanner where both families are available, if this matters.";
    CheckIncomplete = "CHECK-INCOMPLETE", Error,
        "The check's time was over before every file was looked at, so the mirror is not known to work. A warning where only IPv6 is concerned and IPv4 works.",
        "Look at the mirror's speed. If many entries of one host have it, name fewer suites and repos there: the scanner sends a host 10 requests a second.";
    MirrorSlow = "MIRROR-SLOW", Warning,
        "The first byte took longer than the set limit.",
        "Look at the mirror's load and network.";
    TlsExpired = "TLS-EXPIRED", Error,
        "The certificate's time is over.",
        "Renew the certificate.";
    TlsNotYetValid = "TLS-NOT-YET-VALID", Error,
        "The certificate's time has not begun.",
        "Install the right certificate, or correct the clock of the machine that made it.";
    TlsExpiring = "TLS-EXPIRING", Warning,
        "The certificate expires within the set number of days.",
        "Renew the certificate; automatic renewal has probably stopped.";
    TlsUntrusted = "TLS-UNTRUSTED", Error,
        "No trusted authority stands behind the certificate.",
        "Install the whole chain, or a certificate of a public authority; a private one belongs into `ExtraTrustRoots`.";
    TlsWrongName = "TLS-WRONG-NAME", Error,
        "The certificate is for other names.",
        "Install the certificate for this name.";
    TlsFailed = "TLS-FAILED", Error,
        "The TLS handshake failed for another reason.",
        "Look at the versions and ciphers that the server offers; TLS 1.2 or later is needed.";
    ClockSkew = "CLOCK-SKEW", Notice,
        "The mirror's clock differs from the scanner's by more than five minutes.",
        "Switch on time synchronisation.";
    FindingsOmitted = "FINDINGS-OMITTED", Notice,
        "There were more findings than a message can carry; the message counts them.",
        "Settle the ones that are shown.";
}

impl Code {
    /// The table as Markdown, for documentation: code, severity, meaning, remedy.
    pub fn markdown_table() -> String {
        let mut table = String::from("| Code | Severity | Meaning | What to do |\n|---|---|---|---|\n");
        for code in Self::ALL {
            table += &format!(
                "| `{code}` | {} | {} | {} |\n",
                code.severity(),
                code.meaning(),
                code.remedy()
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_in_capitals() {
        let ids: BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
        for id in ids {
            assert!(
                id.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-'),
                "{id}"
            );
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_code_and_no_stray_column() {
        let table = Code::markdown_table();
        assert_eq!(table.lines().count(), Code::ALL.len() + 2);
        assert!(table.lines().all(|line| line.matches('|').count() == 5), "{table}");
    }
}
