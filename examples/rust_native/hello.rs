fn main() {
    println!("hello {:?}", std::panic::catch_unwind(|| panic!("boom")).is_err());
}
