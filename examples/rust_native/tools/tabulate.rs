//! tabulate FILE COUNT: writes a crate with the first COUNT squares.

use std::fmt::Write;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, count] = arguments.as_slice() else {
        panic!("usage: tabulate FILE COUNT");
    };
    let count: u32 = count.parse().expect("COUNT is a number");
    let mut text = format!("pub const SQUARES: [u32; {count}] = [");
    for number in 0..count {
        write!(text, "{}, ", number * number).unwrap();
    }
    std::fs::write(file, text + "];\n").expect(file);
}
