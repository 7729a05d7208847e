//! zlib's compress() and uncompress(), and a checksum, both by C libraries.

use std::ffi::{c_int, c_ulong};

#[link(name = "z")]
unsafe extern "C" {
    fn compress(to: *mut u8, to_length: *mut c_ulong, from: *const u8, from_length: c_ulong) -> c_int;
    fn uncompress(to: *mut u8, to_length: *mut c_ulong, from: *const u8, from_length: c_ulong) -> c_int;
    fn compressBound(length: c_ulong) -> c_ulong;
}

unsafe extern "C" {
    fn fnv1a(bytes: *const u8, count: usize) -> u32;
}

/// What zlib makes of `bytes`.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut length = unsafe { compressBound(bytes.len() as c_ulong) };
    let mut packed = vec![0; length as usize];
    let code = unsafe { compress(packed.as_mut_ptr(), &mut length, bytes.as_ptr(), bytes.len() as c_ulong) };
    assert_eq!(code, 0, "zlib: compress");
    packed.truncate(length as usize);
    packed
}

/// The `length` bytes that `packed` was made of. Panics when it was not.
pub fn unpack(packed: &[u8], length: usize) -> Vec<u8> {
    let mut found = length as c_ulong;
    let mut bytes = vec![0; length];
    let code = unsafe { uncompress(bytes.as_mut_ptr(), &mut found, packed.as_ptr(), packed.len() as c_ulong) };
    assert_eq!((code, found as usize), (0, length), "zlib: uncompress");
    bytes
}

/// FNV-1a of `bytes`.
#[cfg(feature = "checksum")]
pub fn checksum(bytes: &[u8]) -> u32 {
    unsafe { fnv1a(bytes.as_ptr(), bytes.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let bytes = b"static, mostly_static, dynamic ".repeat(100);
        let packed = pack(&bytes);
        assert!(packed.len() < bytes.len() / 10);
        assert_eq!(unpack(&packed, bytes.len()), bytes);
    }

    #[test]
    #[should_panic(expected = "zlib: uncompress")]
    fn what_is_not_packed_is_not_unpacked() {
        unpack(b"nothing that zlib wrote", 10);
    }

    #[test]
    fn the_published_checksum() {
        assert_eq!(checksum(b"foobar"), 0xbf9c_f968);
    }
}
