//! Small changes to an input, the same on every machine: what the short run of CI and the fuzzer's programs share.

/// A generator that needs no library and gives the same numbers everywhere.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// What fuzzers do first: flips, cuts, repeats, and pieces of one input in another.
pub(crate) fn mutate(input: &[u8], other: &[u8], longest: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input[..input.len().min(longest)].to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + 1 + numbers.below(20)).min(bytes.len());
        match numbers.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 => drop(bytes.drain(at.min(end)..end)),
            2 => {
                let piece = bytes[at.min(end)..end].repeat(1 + numbers.below(30));
                bytes.splice(at..at, piece);
            }
            3 => {
                let from = numbers.below(other.len());
                let to = (from + 1 + numbers.below(60)).min(other.len());
                bytes.splice(at..at, other[from.min(to)..to].iter().copied());
            }
            4 => bytes.truncate(at),
            _ => bytes.insert(at, *b"\n\0\"'`{}[]()<>:=#$\\/*-|\t \xc3\xff".get(numbers.below(27)).unwrap_or(&b' ')),
        }
    }
    bytes.truncate(longest);
    bytes
}
