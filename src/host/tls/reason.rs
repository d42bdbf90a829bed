//! Why a session failed, in words for people: what is wrong, with whose certificate or message,
//! and what else to look at. Owns no state.

use rustls::{AlertDescription, CertificateError, Error};

/// The words for a failure, during the handshake or behind it.
pub fn of(error: &Error, handshaking: bool) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::NoCertificatesPresented => "the other end showed no certificate".to_string(),
        Error::AlertReceived(alert) => {
            format!("the other end refused: {}", words(*alert))
        }
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } if handshaking => {
            format!("what came is no TLS handshake ({error})")
        }
        Error::DecryptError => {
            "a record was damaged on its way: it cannot be decrypted".to_string()
        }
        Error::PeerIncompatible(why) => {
            format!("the other end offers no version or cipher that is good enough ({why:?})")
        }
        Error::General(text) => text.clone(),
        other => other.to_string(),
    }
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::UnknownIssuer => {
            "the certificate is signed by an authority that is not trusted here".to_string()
        }
        E::ExpiredContext { not_after, .. } => {
            format!("the certificate expired on {}", date(not_after.as_secs()))
        }
        E::NotValidYetContext { not_before, .. } => {
            format!(
                "the certificate is not valid before {}",
                date(not_before.as_secs())
            )
        }
        E::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            let whose = match names.as_slice() {
                [] => "nobody (it has no subjectAltName)".to_string(),
                list => list.join(", "),
            };
            format!(
                "the certificate is for {whose}, not for {}",
                expected.to_str()
            )
        }
        E::BadSignature => "the certificate's signature is wrong".to_string(),
        E::Revoked => "the certificate was revoked".to_string(),
        E::Other(other) if other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) => {
            "the certificate is self-signed, and not one that is trusted here".to_string()
        }
        other => format!("the certificate cannot be accepted: {other}"),
    }
}

/// rustls shows names as `DnsName("host")` and `IpAddress(0::1)`.
fn plain_name(name: &str) -> String {
    let bare = name
        .trim_start_matches("DnsName(\"")
        .trim_start_matches("IpAddress(");
    let bare = bare.trim_end_matches(')').trim_end_matches('"');
    bare.parse()
        .map_or(bare.to_string(), |ip: std::net::IpAddr| ip.to_string())
}

/// The name of an alert as the standard spells it: `unknown_ca`.
fn words(alert: AlertDescription) -> String {
    let name = format!("{alert:?}");
    let mut text = String::new();
    let mut before = '_';
    for character in name.chars() {
        if character.is_uppercase() && before.is_lowercase() {
            text.push('_');
        }
        text.extend(character.to_lowercase());
        before = character;
    }
    text
}

/// A day of the calendar, from seconds since 1970 (the year begins in March inside).
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn alerts_are_called_as_the_standard_does() {
        assert_eq!(words(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(
            words(AlertDescription::HandshakeFailure),
            "handshake_failure"
        );
        assert_eq!(
            words(AlertDescription::CertificateExpired),
            "certificate_expired"
        );
    }
}
