//! Many literals looked for in one pass over a text, whatever the case of ASCII letters.
//!
//! Of each literal, the seven bytes that are least usual on pages hold four grams of four bytes, of which one begins
//! at a multiple of four wherever in a text the literal stands. So only every fourth place of a text is hashed into a
//! set of bits that stays in the processor's first cache, and only behind a set bit are literals compared. An
//! Aho-Corasick automaton, by contrast, must read each byte, must know one state before it can fetch the next, and its
//! tables take about 300 bytes for each byte of a literal.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::FingerprintError;

/// The bytes of a gram.
const GRAM: usize = 4;
/// The least length of a literal that every fourth place of a text is enough for.
pub(super) const LONG: usize = 7;
/// The least length of one that every second place is enough for; of shorter ones there are few.
const MIDDLING: usize = 5;
/// How many bits of a key tell its place in the set of bits. With the 10,000 grams of 4,000 rules, one place in thirteen is
/// looked at without need; with those of the built-in rules one in ninety.
const SET_BITS: u32 = 17;
/// The words of that set, 16 KiB.
const WORDS: usize = 1 << (SET_BITS - u64::BITS.ilog2());
/// How many bits of a key tell its part of the list.
const PART_BITS: u32 = 12;

/// What pages are full of: a literal is rather known by other bytes.
const USUAL: &str = "<!doctype html><script src=\"https://www. type=\"text/javascript\" async></script><link rel=\"stylesheet\" \
    href=\"//cdn. id='-css' media='all' /><meta name=\"content=\"property=\"og:<div class=\"<a href=\"/</a></li></div> \
    style=\" data- /wp-content/plugins/ themes/ uploads/assets/static/images/ .com/.net/.min.js?ver=.css.jpg.png \
    <img alt=\"\" width=\"height=\"<span></span><p></p><button input window. document. function( var const return ";

/// The grams of that.
static USUAL_GRAMS: LazyLock<HashSet<[u8; GRAM]>> =
    LazyLock::new(|| USUAL.as_bytes().array_windows().copied().collect());

/// Letters from the most to the least usual one in texts; other characters count like the ones in the middle.
const BY_USE: &str = "etaoinsrhldcumfpgwybvkxjqz";

/// A set of literals, each with its place in the list that it was made of.
#[derive(Debug)]
pub(super) struct LiteralSet {
    all: Vec<Vec<u8>>,
    long: Grams,
    middling: Grams,
    /// Those too short for both, with their places.
    short: Option<(AhoCorasick, Vec<usize>)>,
}

/// The grams of all literals of some lengths.
#[derive(Debug)]
struct Grams {
    /// How far apart the places are at which grams are looked for.
    stride: usize,
    /// Whether there is a key that begins so.
    bits: Box<[u64; WORDS]>,
    /// By key.
    entries: Vec<Entry>,
    /// Where the entries begin whose keys begin so; one more for the end.
    starts: Vec<u32>,
}

/// A gram of a literal.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u32,
    /// Where in the literal it is.
    offset: u32,
    literal: u32,
}

impl LiteralSet {
    /// Takes the literals in lower case.
    pub(super) fn new(all: Vec<Vec<u8>>) -> Result<Self, FingerprintError> {
        Ok(Self {
            long: Grams::new::<LONG>(&all, LONG..usize::MAX),
            middling: Grams::new::<MIDDLING>(&all, MIDDLING..LONG),
            short: short(&all)?,
            all,
        })
    }

    /// Reports each literal that a text has, once or more often.
    pub(super) fn find(&self, text: &[u8], mut report: impl FnMut(usize)) {
        for grams in [&self.long, &self.middling] {
            grams.find(text, |at, entry| {
                let literal = &self.all[entry.literal as usize];
                let start = at.checked_sub(entry.offset as usize);
                let part = start.and_then(|start| text.get(start..start + literal.len()));
                if part.is_some_and(|part| part.eq_ignore_ascii_case(literal)) {
                    report(entry.literal as usize);
                }
            });
        }
        if let Some((finder, places)) = &self.short {
            for found in finder.find_overlapping_iter(text) {
                report(places[found.pattern().as_usize()]);
            }
        }
    }
}

impl Grams {
    /// Of the literals of these lengths, each by a window of so many of its bytes.
    fn new<const WINDOW: usize>(all: &[Vec<u8>], lengths: Range<usize>) -> Self {
        let fitting = || (0..).zip(all).filter(|(_, bytes)| lengths.contains(&bytes.len()));
        let mut shared: HashMap<[u8; GRAM], usize> = HashMap::new();
        for gram in fitting().flat_map(|(_, bytes)| bytes.array_windows()) {
            *shared.entry(*gram).or_default() += 1;
        }
        let mut entries: Vec<Entry> =
            fitting().flat_map(|(literal, bytes)| entries::<WINDOW>(literal, bytes, &shared)).collect();
        entries.sort_by_key(|entry| entry.key);
        let mut bits = Box::new([0; WORDS]);
        for entry in &entries {
            let (word, bit) = place(entry.key);
            bits[word] |= bit;
        }
        let start = |part: u32| entries.partition_point(|entry| entry.key >> (u32::BITS - PART_BITS) < part);
        let starts =
            (0..=1 << PART_BITS).map(|part| u32::try_from(start(part)).unwrap_or(u32::MAX)).collect();
        Self { stride: WINDOW - GRAM + 1, bits, entries, starts }
    }

    /// Reports where the text has which gram.
    fn find(&self, text: &[u8], mut report: impl FnMut(usize, &Entry)) {
        if self.entries.is_empty() {
            return;
        }
        for first in (0..GRAM).step_by(self.stride) {
            let (grams, _) = text.get(first..).unwrap_or_default().as_chunks();
            for (index, bytes) in grams.iter().enumerate() {
                let key = key(*bytes);
                let (word, bit) = place(key);
                if self.bits[word] & bit != 0 {
                    self.of(key).for_each(|entry| report(first + index * GRAM, entry));
                }
            }
        }
    }

    fn of(&self, key: u32) -> impl Iterator<Item = &Entry> {
        let part = (key >> (u32::BITS - PART_BITS)) as usize;
        let entries = &self.entries[self.starts[part] as usize..self.starts[part + 1] as usize];
        entries.iter().filter(move |entry| entry.key == key)
    }
}

/// The key of a gram in lower case: times 2³² divided by the golden ratio (Knuth, The Art of Computer Programming 6.4), so
/// that its upper bits depend on all of them. Some characters fall together, which the comparison sorts out.
fn key(gram: [u8; GRAM]) -> u32 {
    (u32::from_le_bytes(gram) | 0x2020_2020).wrapping_mul(0x9e37_79b1)
}

/// The word and the bit of a key in the set.
fn place(key: u32) -> (usize, u64) {
    let place = key >> (u32::BITS - SET_BITS);
    ((place / u64::BITS) as usize, 1 << (place % u64::BITS))
}

/// The grams of the least usual bytes of a literal, given how many literals share which gram.
fn entries<const WINDOW: usize>(
    literal: u32,
    bytes: &[u8],
    shared: &HashMap<[u8; GRAM], usize>,
) -> impl Iterator<Item = Entry> {
    let cost = |gram: &[u8; GRAM]| commonness(*gram, shared.get(gram).copied().unwrap_or_default());
    let worst = |window: &[u8; WINDOW]| window.array_windows().map(cost).max();
    let best = bytes.array_windows().enumerate().min_by_key(|(_, window)| worst(window));
    best.into_iter().flat_map(move |(start, window)| {
        let offsets = u32::try_from(start).unwrap_or(u32::MAX)..;
        offsets.zip(window.array_windows()).map(move |(offset, gram)| Entry {
            key: key(*gram),
            offset,
            literal,
        })
    })
}

/// Whether nearly every page has these bytes, whatever their case.
pub(super) fn is_usual(bytes: &[u8]) -> bool {
    USUAL.as_bytes().windows(bytes.len().max(1)).any(|usual| usual.eq_ignore_ascii_case(bytes))
}

/// How much a gram costs: whether it is on every page, about how many literals are compared where it is, and how usual
/// its letters are.
fn commonness(gram: [u8; GRAM], shared: usize) -> (bool, u32, usize) {
    let rank = |byte: &u8| BY_USE.bytes().position(|letter| letter == *byte).unwrap_or(BY_USE.len() / 2);
    let rarity: usize = gram.iter().map(rank).sum();
    (USUAL_GRAMS.contains(&gram), (shared / 4 + 1).ilog2(), GRAM * BY_USE.len() - rarity)
}

fn short(all: &[Vec<u8>]) -> Result<Option<(AhoCorasick, Vec<usize>)>, FingerprintError> {
    let (places, literals): (Vec<usize>, Vec<&Vec<u8>>) =
        all.iter().enumerate().filter(|(_, literal)| literal.len() < MIDDLING).unzip();
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
        LiteralSet::new(literals).unwrap().find(text.as_bytes(), |literal| {
            found.insert(literal);
        });
        found
    }

    #[test]
    fn literals_of_all_lengths_are_found_anywhere_in_any_case() {
        let literals =
            ["ab", "xyz", "four", "cdn.example.com/", "/wp-content/plugins/", "@x_y", "`x_y", "straße"];
        for (at, literal) in literals.iter().enumerate() {
            let shifted = (0..GRAM).map(|shift| format!("{}{literal}", "-".repeat(shift)));
            for text in shifted.chain([
                (*literal).to_owned(),
                format!("-{}", literal.to_uppercase().replace("SS", "ß")),
                format!("{literal}{literal}-"),
            ]) {
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
