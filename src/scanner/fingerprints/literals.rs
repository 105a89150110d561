//! Many literals looked for in one pass over a text, whatever the case of ASCII letters.
//!
//! Each literal is known by four of its bytes, the ones least usual on pages. Every four bytes of a text are hashed
//! into a set of bits that stays in the processor's first cache, and only behind a set bit are literals compared.
//! An Aho-Corasick automaton must know one state before it can fetch the next, and its tables take about 300 bytes
//! for each byte of a literal.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::FingerprintError;

/// How many bytes make a literal known.
pub(super) const GRAM: usize = 4;

/// What pages are full of: a literal is rather known by other bytes.
const USUAL: &str = "<!doctype html><script src=\"https://www. type=\"text/javascript\" async></script><link rel=\"stylesheet\" \
    href=\"//cdn. id='-css' media='all' /><meta name=\"content=\"property=\"og:<div class=\"<a href=\"/</a></li></div> \
    style=\" data- /wp-content/plugins/ themes/ uploads/assets/static/images/ .com/.net/.min.js?ver=.css.jpg.png \
    <img alt=\"\" width=\"height=\"<span></span><p></p><button input window. document. function( var const return ";

/// Letters from the most to the least usual one in texts; other characters count like the ones in the middle.
const BY_USE: &str = "etaoinsrhldcumfpgwybvkxjqz";

/// A set of literals, each with its place in the list that it was made of.
#[derive(Debug, Default)]
pub(super) struct Literals {
    all: Vec<Vec<u8>>,
    /// Whether some literal may be behind a hash.
    bits: Vec<u64>,
    /// Brings a hash down to the number of bits.
    shift: u32,
    /// For each hash where its entries begin; one more for the end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// Those too short for [`GRAM`] bytes, with their places.
    short: Option<(AhoCorasick, Vec<usize>)>,
}

/// The bytes that make a literal known.
#[derive(Debug, Clone, Copy)]
struct Entry {
    gram: u32,
    /// Where in the literal they are.
    offset: usize,
    literal: usize,
}

impl Literals {
    /// Takes the literals in lower case.
    pub(super) fn new(all: Vec<Vec<u8>>) -> Result<Self, FingerprintError> {
        let long = all.iter().enumerate().filter(|(_, literal)| literal.len() >= GRAM);
        let mut entries: Vec<Entry> = long.filter_map(|(index, literal)| entry(index, literal)).collect();
        // Sixteen bits for each literal: one place in sixteen of a text is looked at without need.
        let size = (16 * entries.len()).next_power_of_two().clamp(64, 1 << 20);
        let shift = u32::BITS - size.ilog2();
        entries.sort_by_key(|entry| hash(entry.gram, shift));
        let mut bits = vec![0_u64; size / 64];
        let mut counts = vec![0_u32; size + 1];
        for entry in &entries {
            let hash = hash(entry.gram, shift);
            bits[hash / 64] |= 1 << (hash % 64);
            counts[hash + 1] += 1;
        }
        let starts = counts.into_iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        Ok(Self { bits, shift, starts: starts.collect(), entries, short: short(&all)?, all })
    }

    /// Reports each literal that a text has, once or more often.
    pub(super) fn find(&self, text: &[u8], mut report: impl FnMut(usize)) {
        if !self.entries.is_empty() {
            for (at, bytes) in text.array_windows().enumerate() {
                let gram = folded(*bytes);
                let hash = hash(gram, self.shift);
                if self.bits[hash / 64] >> (hash % 64) & 1 == 1 {
                    self.compare(text, at, gram, hash, &mut report);
                }
            }
        }
        if let Some((finder, places)) = &self.short {
            for found in finder.find_overlapping_iter(text) {
                report(places[found.pattern().as_usize()]);
            }
        }
    }

    /// Reports the literals behind a hash that the text has around this place.
    fn compare(&self, text: &[u8], at: usize, gram: u32, hash: usize, report: &mut impl FnMut(usize)) {
        let entries = &self.entries[self.starts[hash] as usize..self.starts[hash + 1] as usize];
        for entry in entries.iter().filter(|entry| entry.gram == gram) {
            let literal = &self.all[entry.literal];
            let part = at.checked_sub(entry.offset).and_then(|start| text.get(start..start + literal.len()));
            if part.is_some_and(|part| part.eq_ignore_ascii_case(literal)) {
                report(entry.literal);
            }
        }
    }
}

/// The bytes in lower case. Some characters fall together, which the comparison sorts out.
fn folded(bytes: [u8; GRAM]) -> u32 {
    u32::from_le_bytes(bytes) | 0x2020_2020
}

/// Multiplies by 2³² divided by the golden ratio (Knuth, The Art of Computer Programming 6.4) and keeps the upper bits.
fn hash(gram: u32, shift: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> shift) as usize
}

/// The least usual bytes of a literal.
fn entry(literal: usize, bytes: &[u8]) -> Option<Entry> {
    let (offset, gram) = bytes.array_windows().enumerate().min_by_key(|(_, gram)| commonness(**gram))?;
    Some(Entry { gram: folded(*gram), offset, literal })
}

/// Whether nearly every page has these bytes, whatever their case.
pub(super) fn is_usual(bytes: &[u8]) -> bool {
    USUAL.as_bytes().windows(bytes.len().max(1)).any(|usual| usual.eq_ignore_ascii_case(bytes))
}

fn commonness(gram: [u8; GRAM]) -> usize {
    let rank = |byte: &u8| BY_USE.bytes().position(|letter| letter == *byte).unwrap_or(BY_USE.len() / 2);
    let rarity: usize = gram.iter().map(rank).sum();
    if is_usual(&gram) { usize::MAX - rarity } else { GRAM * BY_USE.len() - rarity }
}

fn short(all: &[Vec<u8>]) -> Result<Option<(AhoCorasick, Vec<usize>)>, FingerprintError> {
    let (places, literals): (Vec<usize>, Vec<&Vec<u8>>) =
        all.iter().enumerate().filter(|(_, literal)| literal.len() < GRAM).unzip();
    if places.is_empty() {
        return Ok(None);
    }
    let finder = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(literals);
    let finder = finder.map_err(|error| FingerprintError::TooLarge(error.to_string()))?;
    Ok(Some((finder, places)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn found(literals: &[&str], text: &str) -> BTreeSet<usize> {
        let literals = literals.iter().map(|literal| literal.as_bytes().to_vec()).collect();
        let mut found = BTreeSet::new();
        Literals::new(literals).unwrap().find(text.as_bytes(), |literal| {
            found.insert(literal);
        });
        found
    }

    #[test]
    fn literals_of_all_lengths_are_found_anywhere_in_any_case() {
        let literals =
            ["ab", "xyz", "four", "cdn.example.com/", "/wp-content/plugins/", "@x_y", "`x_y", "straße"];
        for (at, literal) in literals.iter().enumerate() {
            for text in [
                format!("{literal}"),
                format!("-{}", literal.to_uppercase().replace("SS", "ß")),
                format!("{literal}{literal}-"),
            ] {
                assert!(found(&literals, &text).contains(&at), "{literal} in {text}");
            }
            let cut = &literal[..literal.len() - 1];
            assert!(!found(&literals, &format!("{cut}~{cut}")).contains(&at), "{cut}");
        }
        assert_eq!(found(&["@x_y"], "`x_y"), BTreeSet::new());
        assert_eq!(found(&[], "text"), BTreeSet::new());
        assert_eq!(found(&["text"], ""), BTreeSet::new());
    }

    /// All literals of two letters and some more over a small alphabet, in texts over the same.
    #[test]
    fn the_same_literals_are_found_as_by_looking_for_each() {
        let mut state = 7_u64;
        let mut word = |length: usize| -> String {
            let letter = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b"abA.-"[(state >> 33) as usize % 5])
            };
            (0..length).map(letter).collect()
        };
        let literals: Vec<String> = (0..300).map(|n| word(2 + n % 9).to_lowercase()).collect();
        let literals: Vec<&str> = literals.iter().map(String::as_str).collect();
        let mut hits = 0;
        for length in 0..300 {
            let text = word(length);
            let lower = text.to_lowercase();
            let expected: BTreeSet<usize> =
                (0..literals.len()).filter(|at| lower.contains(literals[*at])).collect();
            hits += expected.len();
            assert_eq!(found(&literals, &text), expected, "{text}");
        }
        assert!(hits > 10_000, "{hits}");
    }
}
