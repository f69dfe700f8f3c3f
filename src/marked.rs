//! Fixed lists of words, asked in constant time which of them a word is.
//!
//! In: a list, put into a table when fitcheck is built. Out: [`Words`]. While a file is split into tokens it says what
//! detectors ask for, so that nobody searches it for them again; what is not in their list is found too, only by reading
//! every token: a list never decides what is seen, only how fast.

/// Cells of one bucket; the compiler refuses a list that needs more.
const CELLS: usize = 6;
const BUCKETS: usize = 256;

/// A list of at most 250 words.
#[derive(Debug)]
pub(crate) struct Words {
    list: &'static [&'static str],
    /// Numbers of words from 1, by [`bucket`].
    table: [[u8; CELLS]; BUCKETS],
}

impl Words {
    pub(crate) const fn new(list: &'static [&'static str]) -> Words {
        assert!(list.len() <= 250, "too many words");
        let mut table = [[0; CELLS]; BUCKETS];
        let mut nth = 0;
        while nth < list.len() {
            let cells = &mut table[bucket(list[nth].as_bytes())];
            let mut cell = 0;
            while cells[cell] != 0 {
                cell += 1;
            }
            cells[cell] = nth as u8 + 1;
            nth += 1;
        }
        Words { list, table }
    }

    /// The number of a word, 0 if it is not listed.
    pub(crate) fn number(&self, word: &[u8]) -> u8 {
        if word.is_empty() {
            return 0;
        }
        for &number in &self.table[bucket(word)] {
            if number == 0 || self.list[usize::from(number) - 1].as_bytes() == word {
                return number;
            }
        }
        0
    }

    /// Which numbers some words have; `None` if one of them is not listed.
    pub(crate) fn wanted(&self, words: &[&str]) -> Option<Wanted> {
        let mut wanted = Wanted([0; 4]);
        for word in words {
            match self.number(word.as_bytes()) {
                0 => return None,
                number => wanted.0[usize::from(number >> 6)] |= 1 << (number & 63),
            }
        }
        Some(wanted)
    }
}

/// A set of numbers of words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted([u64; 4]);

impl Wanted {
    pub(crate) fn has(self, number: u8) -> bool {
        self.0[usize::from(number >> 6)] >> (number & 63) & 1 == 1
    }
}

const fn bucket(word: &[u8]) -> usize {
    let (first, last) = (word[0] as usize, word[word.len() - 1] as usize);
    let middle = word[word.len() / 2] as usize;
    (first.wrapping_mul(7) ^ last.wrapping_mul(31) ^ middle.wrapping_mul(113) ^ word.len().wrapping_mul(57)) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_words_have_numbers_and_others_none() {
        static WORDS: Words = Words::new(&["use", "mod", "#"]);
        assert_eq!([&b"use"[..], b"mod", b"#"].map(|word| WORDS.number(word)), [1, 2, 3]);
        assert_eq!([&b""[..], b"us", b"Use", b"using"].map(|word| WORDS.number(word)), [0; 4]);
        let wanted = WORDS.wanted(&["mod", "#"]).unwrap();
        assert_eq!([1, 2, 3].map(|number| wanted.has(number)), [false, true, true]);
        assert!(WORDS.wanted(&["mod", "fn"]).is_none());
    }
}
