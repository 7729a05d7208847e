//! What the service does for one client: packs what it was sent, and tells how small it became.

use std::io::{Read, Write};
use std::net::TcpStream;

#[derive(macros::Named)]
struct Answer {
    packed: usize,
    checksum: u32,
}

fn answer(bytes: &[u8]) -> Answer {
    let packed = pack::pack(bytes);
    assert_eq!(pack::unpack(&packed, bytes.len()), bytes);
    Answer { packed: packed.len(), checksum: pack::checksum(bytes) }
}

pub fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes)?;
    let answer = answer(&bytes);
    write!(client, "{} of {} bytes: {} packed, fnv {:08x}", Answer::NAME, bytes.len(), answer.packed < bytes.len(), answer.checksum)
}
