//! Every target is this program: the name it was started by says which.
//!
//! The fuzzer spends more on an input than most readers do. `FITCHECK_AROUND=N` has each of its inputs followed by N
//! small changes of it, always the same ones: one look at the coverage then serves all of them. An input that breaks a
//! promise is written to `FITCHECK_BROKEN`, wherever it came from.
#![no_main]

use std::cell::RefCell;
use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[path = "../mutate.rs"]
mod mutate;
#[path = "../targets.rs"]
mod targets;

use mutate::{Numbers, mutate};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Run {
    name: String,
    around: usize,
}

fn begin() -> Run {
    let program = std::env::args().next().unwrap_or_default();
    let name = Path::new(&program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let around = std::env::var("FITCHECK_AROUND").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let ends = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(place) = std::env::var_os("FITCHECK_BROKEN") {
            INPUT.with_borrow(|input| drop(std::fs::write(place, input)));
        }
        ends(info);
    }));
    Run { name, around }
}

fuzz_target!(|data: &[u8]| {
    static RUN: OnceLock<Run> = OnceLock::new();
    let run = RUN.get_or_init(begin);
    let one = |input: Vec<u8>| {
        INPUT.set(input);
        INPUT.with_borrow(|input| assert!(targets::run(&run.name, input), "no target of that name"));
    };
    one(data.to_vec());
    let seed =
        data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let mut numbers = Numbers(seed | 1);
    for _ in 0..run.around {
        one(mutate(data, data, data.len() + 16, &mut numbers));
    }
});
