//! The frame of a page: head, styles, script, and the policy that forbids every request.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::report::chart::figure::CHART_CSS;
use crate::text::escaped_lines;

const REPORT_CSS: &str = include_str!("assets/report.css");
const REPORT_JS: &str = include_str!("assets/report.js");

/// How names of files are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    /// Whether the page is next to the files.
    pub(crate) are_reachable: bool,
}

impl Links {
    /// A file of the run directory.
    pub(crate) fn file(self, name: &str) -> Markup {
        html! {
            @if self.are_reachable { a href=(name) { code { (name) } } } @else { code { (name) } }
        }
    }
}

/// A part of the page, with a heading that can be linked to.
pub(crate) fn section(id: &str, heading: &str, body: Markup) -> Markup {
    html! { section id=(id) { h2 { a href={ "#" (id) } { (heading) } } (body) } }
}

/// The whole file. Whatever is invisible or reorders text, in any text of the page, is escaped here.
/// With `refresh`, browsers load it anew after this many seconds.
pub(crate) fn page(title: &str, n_arms: usize, refresh: Option<u64>, body: &Markup) -> String {
    let css = css(n_arms);
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source_of(&css),
        source_of(REPORT_JS)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                @if let Some(seconds) = refresh { meta http-equiv="refresh" content=(seconds); }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(&css)) }
            }
            body {
                main { (body) }
                script { (PreEscaped(REPORT_JS)) }
            }
        }
    };
    // No-break spaces are ours: those of others have been escaped where their text was shortened.
    let page = page.into_string().replace('\u{a0}', "&#160;");
    format!("{}\n", escaped_lines(&page))
}

/// All styles; an arm is hidden in a chart whose box for it is not checked.
fn css(n_arms: usize) -> String {
    let hide =
        |arm: usize| format!("figure:has(.toggle-{arm}:not(:checked)) .arm-{arm} {{ display: none; }}\n");
    let hide: String = (0..n_arms).map(hide).collect();
    format!("{CHART_CSS}{REPORT_CSS}{hide}")
}

/// What the policy calls an element with this content.
fn source_of(content: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(content)))
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        let digit = |index: usize| char::from(DIGITS[(bits >> (18 - 6 * index)) as usize & 63]);
        text.extend((0..4).map(|index| if index <= chunk.len() { digit(index) } else { '=' }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_standard() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn nothing_in_the_assets_would_be_escaped() {
        assert_eq!(escaped_lines(&css(3)), css(3));
        assert_eq!(escaped_lines(REPORT_JS), REPORT_JS);
        assert!(!REPORT_JS.contains("</") && !css(3).contains("</"));
    }
}
