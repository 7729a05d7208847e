//! A service that answers three clients of its own, and then shows what a link mode must not break: panics that unwind, in
//! this thread and in another, a backtrace, and the resolver of the libc.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::{panic, thread};

mod worker;

fn ask(port: u16, text: &str) -> std::io::Result<String> {
    let mut service = TcpStream::connect(("127.0.0.1", port))?;
    service.write_all(text.as_bytes())?;
    service.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    service.read_to_string(&mut answer)?;
    Ok(answer)
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let service = thread::spawn(move || -> std::io::Result<()> {
        let workers: Vec<_> = (0..3).map(|_| listener.accept().map(|(client, _)| thread::spawn(move || worker::serve(client)))).collect();
        for worker in workers {
            worker?.join().expect("a worker panicked")?;
        }
        Ok(())
    });
    let motto = include_str!("motto.txt").trim();
    for times in [1, 10, 100] {
        println!("{}", ask(port, &motto.repeat(times))?);
    }
    service.join().expect("the service panicked")?;

    panic::set_hook(Box::new(|_| ()));
    let here = panic::catch_unwind(|| panic!("here")).is_err();
    let there = thread::spawn(|| panic!("there")).join().is_err();
    let frames = std::backtrace::Backtrace::force_capture().to_string().lines().count() > 3;
    println!("caught here {here}, from a thread {there}, backtrace {frames}");

    // where there is neither /etc/hosts nor a server, the answer is an error, and no crash
    let asked = ("localhost", 80).to_socket_addrs().map_or(true, |mut found| found.next().is_some());
    println!("asked the resolver {asked}, squares {}, {}", squares::SQUARES.iter().sum::<u32>(), env!("SERVICE"));
    Ok(())
}
