//! One pass over a text that names the patterns that may match it.

use super::{FingerprintError, literal_set::LiteralSet};

/// Finds the candidates among many patterns.
#[derive(Debug)]
pub(super) struct Prefilter {
    literals: LiteralSet,
    /// For each literal, the patterns that require it (or one of its like).
    owners: Vec<Vec<u32>>,
    /// Patterns that require nothing: always candidates.
    always: Vec<u32>,
    count: usize,
}

impl Prefilter {
    /// Takes for each pattern the texts of which one must be there.
    pub(super) fn new<'p>(patterns: impl Iterator<Item = &'p [Vec<u8>]>) -> Result<Self, FingerprintError> {
        let (mut always, mut count) = (Vec::new(), 0);
        let mut pairs: Vec<(Vec<u8>, u32)> = Vec::new();
        for (index, literals) in (0_u32..).zip(patterns) {
            count += 1;
            if literals.is_empty() {
                always.push(index);
            }
            pairs.extend(literals.iter().map(|literal| (literal.to_ascii_lowercase(), index)));
        }
        pairs.sort();
        pairs.dedup();
        let (mut literals, mut owners): (Vec<Vec<u8>>, Vec<Vec<u32>>) = (Vec::new(), Vec::new());
        for (literal, index) in pairs {
            if literals.last() != Some(&literal) {
                literals.push(literal);
                owners.push(Vec::new());
            }
            if let Some(owners) = owners.last_mut() {
                owners.push(index);
            }
        }
        Ok(Self { literals: LiteralSet::new(literals)?, owners, always, count })
    }

    /// How many patterns there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Marks the candidates for a text in `marks`, which has a place for each pattern, and appends each new one to
    /// `candidates`.
    pub(super) fn mark(&self, text: &str, marks: &mut [bool], candidates: &mut Vec<u32>) {
        let mut add = |index: u32| {
            let mark = &mut marks[index as usize];
            if !*mark {
                *mark = true;
                candidates.push(index);
            }
        };
        self.always.iter().copied().for_each(&mut add);
        self.literals.find(text.as_bytes(), |literal| {
            self.owners[literal].iter().copied().for_each(&mut add);
        });
    }
}
