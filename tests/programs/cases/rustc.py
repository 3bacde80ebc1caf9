"""rustc, and what it builds: a threaded program on the system allocator.

A rustc that brings an allocator of its own (rustup's does) still loads and starts under the
preloaded one; the program that it builds must be served by it.
"""

PROGRAMS = ["rustc"]
WITNESSES = ["work"]

SOURCE = r'''
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc;
use std::thread;

fn count(seed: u64) -> BTreeMap<String, usize> {
    let mut state = seed;
    let mut counts: HashMap<String, usize> = HashMap::new();
    for _ in 0..100_000 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        *counts.entry(format!("word number {}", state >> 52)).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[repr(align(256))]
struct Wide([u8; 256]);

fn main() {
    let (send, receive) = mpsc::channel();
    let workers: Vec<_> = (1..=4).map(|n| {
        let send = send.clone();
        thread::spawn(move || send.send((n, count(n))).unwrap())
    }).collect();
    drop(send);
    let mut all: Vec<_> = receive.iter().collect();
    for worker in workers { worker.join().unwrap(); }
    all.sort_by_key(|(n, _)| *n);
    for (n, counts) in &all {
        let most = counts.iter().max_by_key(|(word, n)| (**n, word.as_str())).unwrap();
        println!("{} {} {:?}", n, counts.len(), most);
    }
    let wide: Vec<Box<Wide>> = (0..500).map(|n| Box::new(Wide([n as u8; 256]))).collect();
    println!("{}", wide.iter().all(|w| (&**w as *const Wide as usize) % 256 == 0));
    println!("{}", wide.iter().map(|w| w.0[200] as u64).sum::<u64>());
    let mut grown: Vec<u64> = Vec::new();
    for n in 0..3_000_000u64 { grown.push(n * n); }
    println!("{}", grown.iter().fold(0u64, |a, n| a.wrapping_mul(31).wrapping_add(*n)));
}
'''


def run(space):
    space.write("work.rs", SOURCE)
    space.run("rustc", "-O", "-C", "codegen-units=2", "work.rs")
    space.run("sha256sum", "work")
    space.run("./work")
    space.write("wrong.rs", "fn main() { let x: u32 = \"text\"; y }\n")
    space.run("rustc", "wrong.rs", status=1)
